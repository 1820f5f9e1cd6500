/** Lets one k6 iteration send many requests: to begin an iteration costs the generator a sixth of a request. */

import exec from 'k6/execution';

/**
 * @param {() => void} send sends what the scenario sends at a time
 * @returns {() => void} the same, or in a closed load, where `WINDOW_MS` is set, one that sends until so long after the executor began
 */
export function throughout(send) {
  return () => {
    const windowMs = Number(__ENV.WINDOW_MS); // the executor's, which a VU knows only within an iteration
    const end = windowMs > 0 ? exec.scenario.startTime + windowMs : 0;
    do {
      send();
    } while (Date.now() < end);
  };
}
