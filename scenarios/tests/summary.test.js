import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TIMEOUT_MS, summarise, trendStats } from '../lib/summary.js';

/**
 * What k6 hands to handleSummary after these latencies.
 *
 * @param {number[]} latencies in ms
 * @param {Record<string, number>} counters
 */
function endOfTest(latencies, counters) {
  const sorted = latencies.toSorted((a, b) => a - b);
  /** @param {string} stat */
  const valueOf = (stat) => {
    if (stat === 'count') return sorted.length;
    if (stat === 'avg') return sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    return sorted[Math.round((Number(stat.slice(2, -1)) / 100) * (sorted.length - 1))];
  };
  const values = Object.fromEntries(trendStats().map((stat) => [stat, valueOf(stat)]));
  const counted = Object.entries(counters).map(([name, count]) => [name, { values: { count } }]);
  /** @type {import('../lib/summary.js').EndOfTest['metrics']} */
  const metrics = { ...(latencies.length > 0 && { latency: { values } }), ...Object.fromEntries(counted) };
  return { metrics, state: { testRunDurationMs: 10_000.1234 } };
}

test('a summary has 1,001 quantiles in order, the tail and the counts', () => {
  const latencies = Array.from({ length: 100_001 }, (_, i) => i / 1000);
  const summary = summarise(endOfTest(latencies, { http_reqs: 100_001, iterations: 100_001, dropped_iterations: 7 }));
  const { quantiles, tail, ...rest } = summary.latency_ms;
  assert.equal(quantiles.length, 1001);
  assert.deepEqual([quantiles[0], quantiles[500], quantiles[999], quantiles[1000]], [0, 50, 99.9, 100]);
  assert.ok(quantiles.every((value, i) => i === 0 || value >= quantiles[i - 1]));
  assert.deepEqual(tail, { 0.9995: 99.95, 0.9999: 99.99, 0.99999: 99.999 });
  assert.deepEqual(rest, { mean: 50, max: 100, count: 100_001 });
  assert.deepEqual(
    { ...summary, latency_ms: null },
    {
      began_at_ms: null,
      duration_s: 10.000123,
      connections: 0,
      requests: 100_001,
      failed_requests: 0,
      failures: {},
      successes: {},
      iterations: 100_001,
      dropped_iterations: 7,
      lags: 0,
      lag_p99_ms: null,
      latency_ms: null,
      series: { answers: 0, latency_ms: 0 },
    },
  );
});

test('failed requests are counted by kind, rank as the slowest and stay out of the mean', () => {
  const latencies = [1, 2, 3, TIMEOUT_MS, TIMEOUT_MS, TIMEOUT_MS];
  const summary = summarise(endOfTest(latencies, { http_reqs: 6, failed_status_503: 2, failed_no_answer: 1 }));
  assert.deepEqual(summary.failures, { 'status 503': 2, 'no answer': 1 });
  assert.equal(summary.failed_requests, 3);
  assert.equal(summary.latency_ms.max, TIMEOUT_MS);
  assert.equal(summary.latency_ms.mean, 2);
});

test('what opened the connections before the window is no request of it', () => {
  const metrics = endOfTest([1, 2, 3], { http_reqs: 23, iterations: 3, connections: 20, series_answers: 1, series_latency_ms: 2 }).metrics;
  const summary = summarise({ metrics: { ...metrics, began_at_ms: { values: { value: 1.5e12 } } }, state: { testRunDurationMs: 1000 } });
  assert.deepEqual([summary.requests, summary.iterations, summary.connections, summary.began_at_ms], [3, 3, 20, 1.5e12]);
  assert.deepEqual(summary.series, { answers: 1, latency_ms: 2 });
});

test('how late iterations of an open load began is told with how many of them told it', () => {
  const summary = summarise({ ...endOfTest([], {}), metrics: { lag: { values: { count: 833, 'p(99)': 3.14159 } } } });
  assert.deepEqual([summary.lags, summary.lag_p99_ms], [833, 3.142]);
});

test('successes are counted by operation', () => {
  const summary = summarise(endOfTest([1, 2, 3], { http_reqs: 3, succeeded_createUser: 2, succeeded_replaceUser: 1 }));
  assert.deepEqual(summary.successes, { createUser: 2, replaceUser: 1 });
  assert.deepEqual(summary.failures, {});
});

test('where every request failed the mean is no better than the quantiles', () => {
  const summary = summarise(endOfTest([TIMEOUT_MS], { http_reqs: 1, failed_no_answer: 1 }));
  assert.equal(summary.latency_ms.mean, TIMEOUT_MS);
});

test('a run without requests has counts of zero and no quantiles', () => {
  const summary = summarise(endOfTest([], { dropped_iterations: 12 }));
  assert.equal(summary.requests, 0);
  assert.equal(summary.dropped_iterations, 12);
  assert.deepEqual(summary.latency_ms, { quantiles: [], tail: {}, mean: 0, max: 0, count: 0 });
});
