/** What an iteration of k6 sends, and when: in a closed load all that fits into the window, in an open one what is due. */

import exec from 'k6/execution';
import { Trend } from 'k6/metrics';

/** So many iterations a second of an open load tell how late they began, at most: to tell costs k6 some microseconds. */
const TELLING_PER_S = 1000;

const lag = new Trend('lag', true);

/**
 * To begin an iteration costs the generator a sixth of a request, so that in a closed load, where `WINDOW_S` is set, one sends until so long after the
 * executor began. In an open load, where `RATE` is, k6 begins an iteration late where it has no time, and counts the request's time from then on.
 *
 * @param {() => void} send sends what the scenario sends at a time
 * @returns {() => void}
 */
export function throughout(send) {
  let iterations = __VU; // the VUs start apart, so that they tell in turn
  return () => {
    const windowS = Number(__ENV.WINDOW_S); // the executor's, as RATE, which a VU knows only within an iteration
    const rate = Number(__ENV.RATE);
    const end = windowS > 0 ? exec.scenario.startTime + windowS * 1000 : 0;
    if (rate > 0) {
      iterations += 1;
      if (iterations % Math.ceil(rate / TELLING_PER_S) === 0) {
        lag.add(Date.now() - exec.scenario.startTime - (exec.scenario.iterationInTest * 1000) / rate);
      }
    }
    do {
      send();
    } while (Date.now() < end);
  };
}
