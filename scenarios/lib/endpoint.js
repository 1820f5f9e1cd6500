/** Turns an operation of the API into a function that sends it, times its answer and counts its failure; holds every scenario's k6 options. */

import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Gauge, Trend } from 'k6/metrics';

import { arriving } from './arrivals.js';
import { text } from './settings.js';
import { FAILED, SUCCEEDED, TIMEOUT_MS, summarise, trendStats } from './summary.js';

/** One answer in so many is read and checked; the others' bodies are discarded, since parsing halves k6's rate. */
const SAMPLE_EVERY = 100;

/** One successful response in so many is in the series of the window: its two counters would cost every answer a tenth. */
const SERIES_EVERY = 10;

/** A server that answers at once, but not what was asked, calibrates the generator: answers are read and checked as ever, and pass. */
const passUnchecked = __ENV.UNCHECKED === 'true';

/** Statuses that get a count of their own. k6 makes counters when a VU starts, at 10 µs each, so the others share one. */
const COUNTED_STATUSES = [400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504];

/** @type {import('k6/options').Options} */
export const options = {
  discardResponseBodies: true,
  maxRedirects: 0, // a redirect is an unexpected status, not a second request
  noCookiesReset: true, // the API sets no cookies; spares a new jar each iteration
  summaryTrendStats: __VU === 0 ? trendStats() : [], // k6 reads the options of VU 0 alone; the list costs a millisecond to make
  systemTags: [], // the summary needs none, and without `url` and `name` no address becomes a time series of its own
  throw: true, // a request without an answer is counted here; otherwise k6 logs a line for each
};

// What failed is decided here: k6's own `http_req_failed` would be one more sample a request.
// @ts-expect-error: k6 documents null, its types do not
http.setResponseCallback(null);

/** To look it up in the module for each request would cost 3 %. */
const { get } = http;

const latency = new Trend('latency', true);
const noAnswer = new Counter(`${FAILED}no_answer`);
const wrongBody = new Counter(`${FAILED}wrong_body`);
const otherStatus = new Counter(`${FAILED}other_status`);
const seriesAnswers = new Counter('series_answers');
const seriesLatency = new Counter('series_latency_ms');
const connections = new Counter('connections');
const beganAt = new Gauge('began_at_ms');
const byStatus = new Map(COUNTED_STATUSES.map((status) => [status, new Counter(`${FAILED}status_${status}`)]));

/** This VU's requests so far; the VUs start apart, so that they take their samples in turn. A variable costs a tenth of reading `__ITER`. */
let requests = __VU;

/** @param {Counter} kind */
function fail(kind) {
  kind.add(1);
  latency.add(TIMEOUT_MS);
}

/**
 * @template Answer, Sent
 * @param {import('k6/http').ResponseBody | undefined} body
 * @param {(answer: Answer, sent: Sent) => boolean} isRight
 * @param {Sent} sent
 */
function holds(body, isRight, sent) {
  try {
    return isRight(/** @type {Answer} */ (JSON.parse(/** @type {string} */ (body))), sent);
  } catch {
    return false; // no JSON, or of another shape
  }
}

/**
 * The function that it returns is the generator's own cost: it makes no object, and calls no function of ours while answers are right.
 *
 * @template Answer, Sent
 * @param {'get' | 'post' | 'put'} method
 * @param {object} operation
 * @param {number} [operation.status] the expected one
 * @param {Record<string, string>} [operation.headers] which may change between requests
 * @param {number} [operation.sampleEvery] of a VU's requests, one in so many has its answer checked
 * @param {string} [operation.counted] the operationId, where the summary shall tell how many of its requests succeeded
 * @param {(answer: Answer, sent: Sent) => boolean} operation.isRight whether a parsed answer fits what was sent; throwing means no
 * @returns {(url: string, body: string | ArrayBuffer | null, sent: Sent) => void} sends one request
 */
export function endpoint(method, { status = 200, headers, sampleEvery = SAMPLE_EVERY, counted, isRight }) {
  const succeeded = counted === undefined ? undefined : new Counter(`${SUCCEEDED}${counted}`);
  const unread = headers && { headers }; // parameters, even empty ones, cost a tenth of the rate
  const read = { ...unread, responseType: /** @type {const} */ ('text') };
  return arriving((url, body, sent) => {
    requests += 1;
    const sampled = requests % sampleEvery === 0;
    const params = sampled ? read : unread;
    let response;
    try {
      if (method === 'get') {
        response = params ? get(url, params) : get(url); // parameters that are undefined cost 3 %
      } else {
        response = http[method](url, body, params);
      }
    } catch {
      fail(noAnswer);
      return;
    }
    if (response.status !== status) {
      fail(byStatus.get(response.status) ?? otherStatus);
    } else if (sampled && !holds(response.body, isRight, sent) && !passUnchecked) {
      fail(wrongBody);
    } else {
      // `blocked` ends when there is a connection, so that it contains `connecting` and `tls_handshaking`; `duration` begins there.
      const { blocked, duration } = response.timings;
      latency.add(blocked + duration);
      succeeded?.add(1);
      if (requests % SERIES_EVERY === 0) {
        seriesAnswers.add(1);
        seriesLatency.add(blocked + duration);
      }
    }
  });
}

/** Longer than any connecting lasts: k6 ends it, so that a VU connects once. */
const CONNECTED_S = 3600;

/**
 * Opens this VU's connection before the window, in the `connect` scenario that stands before it: a thousand VUs that connect while they are
 * measured take a third of a second, and p99 was theirs.
 */
export function connect() {
  beganAt.add(Date.now() - exec.instance.currentTestRunDuration);
  sleep(Math.random() * Number(text('SPREAD_S')));
  try {
    http.get(`${text('BASE_URL')}/health`);
  } catch {
    // The window will tell.
  }
  connections.add(1);
  sleep(CONNECTED_S);
}

/** @param {import('./summary.js').EndOfTest} data */
export function handleSummary(data) {
  return { stdout: JSON.stringify(summarise(data)) };
}
