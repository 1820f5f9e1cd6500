/** Turns k6's evenly spaced arrivals into ones that come as independent users would. */

import { sleep } from 'k6';

import { hash, mulberry32 } from './random.js';

/**
 * How far an arrival is displaced at most, in seconds; compiler/benchmark_lab/loads.py keeps virtual users ready for it.
 *
 * Points at even distances 1/λ, each displaced by its own uniform draw from [0, T), have in an interval t of a window the mean λt and, as T grows
 * beyond t, the counts of a Poisson process; for t below T the variance is at least (1 − t/T) of its.
 */
const SPREAD_S = 0.25;

/**
 * @template {unknown[]} Sent
 * @param {(...sent: Sent) => void} send
 * @param {Record<string, string | undefined>} env
 * @returns {(...sent: Sent) => void} the same, or with `ARRIVALS=poisson` one that waits a random while first
 */
export function arriving(send, env = __ENV) {
  if (env.ARRIVALS !== 'poisson') {
    return send;
  }
  const random = mulberry32(hash(`arrivals/${env.SEED}/${env.PART}/${__VU}`));
  return (...sent) => {
    sleep(random() * SPREAD_S);
    send(...sent);
  };
}
