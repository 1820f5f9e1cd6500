/** Turns an operation of the API into a function that sends it, times its answer and counts its failure; holds every scenario's k6 options. */

import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';

import { FAILED, TIMEOUT_MS, summarise, trendStats } from './summary.js';

/** Of a VU's requests, one in so many has its answer read and checked; the others' bodies are discarded, since parsing halves k6's rate. */
const SAMPLE_EVERY = 100;

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

http.setResponseCallback(null); // what failed is decided here: k6's own `http_req_failed` would be one more sample a request

const latency = new Trend('latency', true);
const noAnswer = new Counter(`${FAILED}no_answer`);
const wrongBody = new Counter(`${FAILED}wrong_body`);
const otherStatus = new Counter(`${FAILED}other_status`);
const byStatus = new Map(COUNTED_STATUSES.map((status) => [status, new Counter(`${FAILED}status_${status}`)]));

/** This VU's requests so far; the VUs start apart, so that they take their samples in turn. A variable costs a tenth of reading `__ITER`. */
let requests = __VU;

/**
 * @template Answer, Sent
 * @typedef {object} Operation
 * @property {number} [status] the expected one, 200 by default
 * @property {Record<string, string>} [headers]
 * @property {(answer: Answer, sent: Sent) => boolean} isRight whether a parsed answer fits what was sent; it may throw for no
 */

/** @param {Record<string, string>} [headers] */
function paramsOf(headers) {
  const unread = { ...(headers && { headers }), timeout: TIMEOUT_MS };
  return { unread, read: { ...unread, responseType: /** @type {const} */ ('text') } };
}

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
    return isRight(/** @type {Answer} */ (JSON.parse(String(body))), sent);
  } catch {
    return false; // no JSON, or of another shape
  }
}

/**
 * @template Answer, Sent
 * @param {Operation<Answer, Sent>} operation
 */
function judging({ status = 200, isRight }) {
  /**
   * @param {import('k6/http').Response} response
   * @param {boolean} sampled
   * @param {Sent} sent
   */
  return (response, sampled, sent) => {
    if (response.status !== status) {
      fail(byStatus.get(response.status) ?? otherStatus);
    } else if (sampled && !holds(response.body, isRight, sent)) {
      fail(wrongBody);
    } else {
      // `blocked` ends when the connection is there, so that `connecting` and `tls_handshaking` lie within it; `duration` begins then.
      const { blocked, duration } = response.timings;
      latency.add(blocked + duration);
    }
  };
}

/**
 * @template Answer, Sent
 * @param {Operation<Answer, Sent>} operation
 * @returns {(url: string, sent: Sent) => void} sends a GET request; `sent` is what its answer is checked against
 */
export function get(operation) {
  const { unread, read } = paramsOf(operation.headers);
  const judge = judging(operation);
  return (url, sent) => {
    requests += 1;
    const sampled = requests % SAMPLE_EVERY === 0;
    let response;
    try {
      response = http.get(url, sampled ? read : unread);
    } catch {
      fail(noAnswer);
      return;
    }
    judge(response, sampled, sent);
  };
}

/**
 * @template Answer
 * @param {Operation<Answer, string>} operation
 * @returns {(url: string, body: string) => void} sends a POST request; its answer is checked against the body
 */
export function post(operation) {
  const { unread, read } = paramsOf(operation.headers);
  const judge = judging(operation);
  return (url, body) => {
    requests += 1;
    const sampled = requests % SAMPLE_EVERY === 0;
    let response;
    try {
      response = http.post(url, body, sampled ? read : unread);
    } catch {
      fail(noAnswer);
      return;
    }
    judge(response, sampled, body);
  };
}

/** @param {import('./summary.js').EndOfTest} data */
export function handleSummary(data) {
  return { stdout: JSON.stringify(summarise(data)) };
}
