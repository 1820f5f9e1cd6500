/** Lets one k6 iteration send many requests: to begin an iteration costs the generator a sixth of a request. */

import exec from 'k6/execution';

/**
 * @param {() => void} send sends what the scenario sends at a time
 * @returns {() => void} the same, or in a closed load, where `WINDOW_S` is set, one that sends until so long after the executor began
 */
export function throughout(send) {
  return () => {
    const windowS = Number(__ENV.WINDOW_S); // the executor's, which a VU knows only within an iteration
    const end = windowS > 0 ? exec.scenario.startTime + windowS * 1000 : 0;
    do {
      send();
    } while (Date.now() < end);
  };
}
