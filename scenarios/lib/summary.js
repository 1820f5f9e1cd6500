/** Turns k6's end-of-test data into the one JSON object that a scenario prints. */

/** How long k6 waits for an answer, in ms: its default, since a timeout of one's own costs the generator a tenth of its rate. */
export const TIMEOUT_MS = 60_000;

/** Counters named by this prefix and a kind of failure, such as `failed_status_503`, appear as `failures`. */
export const FAILED = 'failed_';

/** Counters named by this prefix and an operationId appear as `successes`. */
export const SUCCEEDED = 'succeeded_';

const TAIL = { 0.9995: 'p(99.95)', 0.9999: 'p(99.99)', 0.99999: 'p(99.999)' };

/** @returns {string[]} k6's names of the quantiles from 0 to 1 in steps of 0.001 */
function grid() {
  return Array.from({ length: 1001 }, (_, i) => `p(${i / 10})`);
}

/** @returns {string[]} what k6 computes of every trend, since it has no setting for one trend alone */
export function trendStats() {
  return [...grid(), ...Object.values(TAIL), 'avg', 'count'];
}

/** @typedef {Record<string, number>} Values */
/** @typedef {{ metrics: Record<string, { values: Values } | undefined>, state: { testRunDurationMs: number } }} EndOfTest */

/**
 * @param {number} milliseconds
 * @returns {number} to the microsecond
 */
function rounded(milliseconds) {
  return Math.round(milliseconds * 1000) / 1000;
}

/**
 * A failed request has no latency that could be compared: a refusal is quick, and k6 reports no time where no answer came. In the quantiles it
 * therefore counts as the longest wait there is, so that failing never makes one better; the mean is that of the successful responses.
 *
 * @param {Values | undefined} values of the latency trend, where each failed request is TIMEOUT_MS
 * @param {number} failed
 */
function latency(values, failed) {
  if (!values) {
    return { quantiles: [], tail: {}, mean: 0, max: 0, count: 0 };
  }
  const { count, avg } = values;
  const answered = count - failed;
  return {
    quantiles: grid().map((name) => rounded(values[name])),
    tail: Object.fromEntries(Object.entries(TAIL).map(([quantile, name]) => [quantile, rounded(values[name])])),
    mean: rounded(answered > 0 ? (avg * count - failed * TIMEOUT_MS) / answered : TIMEOUT_MS),
    max: rounded(values['p(100)']),
    count,
  };
}

/** @param {EndOfTest} data */
export function summarise({ metrics, state }) {
  /** @param {string} name */
  const count = (name) => metrics[name]?.values.count ?? 0;
  /** @param {string} prefix */
  const countsOf = (prefix) =>
    Object.fromEntries(
      Object.keys(metrics)
        .filter((name) => name.startsWith(prefix))
        .map((name) => [name.slice(prefix.length).replaceAll('_', ' '), count(name)]),
    );
  const failures = countsOf(FAILED);
  const failed = Object.values(failures).reduce((sum, requests) => sum + requests, 0);
  return {
    began_at_ms: metrics.began_at_ms?.values.value ?? null,
    duration_s: Math.round(state.testRunDurationMs * 1000) / 1e6,
    connections: count('connections'),
    requests: metrics.latency?.values.count ?? 0,
    failed_requests: failed,
    failures,
    successes: countsOf(SUCCEEDED),
    iterations: count('iterations'),
    dropped_iterations: count('dropped_iterations'),
    lags: count('lag'),
    lag_p99_ms: metrics.lag ? rounded(metrics.lag.values['p(99)']) : null,
    latency_ms: latency(metrics.latency?.values, failed),
    series: { answers: count('series_answers'), latency_ms: rounded(count('series_latency_ms')) },
  };
}
