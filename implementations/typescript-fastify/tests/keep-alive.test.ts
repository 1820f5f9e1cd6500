import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';

import { MAX_JSON_BYTES } from '../src/json.js';
import { startServer } from './running.js';

const HEALTH = 'GET /health HTTP/1.1\r\nHost: test\r\n\r\n';

/** Requests whose body is refused, by the status of the answer. */
function refused(headers = ''): Record<number, string> {
  const post = (path: string, more: string, body: string) => `POST ${path} HTTP/1.1\r\nHost: test\r\n${headers}${more}\r\n\r\n${body}`;
  const large = 'x'.repeat(4 * MAX_JSON_BYTES);
  const json = 'Content-Type: application/json\r\n';
  return {
    400: post('/echo', `${json}Content-Length: 1`, '{'),
    404: post('/nothing', `Content-Length: ${large.length}`, large),
    405: post('/health', 'Transfer-Encoding: chunked', `${HEALTH.length.toString(16)}\r\n${HEALTH}\r\n0\r\n\r\n`),
    413: post('/echo', `${json}Content-Length: ${large.length}`, large),
    415: post('/upload', `${json}Content-Length: ${large.length}`, large),
  };
}

/** What the server answers, until it says `last` or closes the connection. */
async function ask(url: string, sent: string, last?: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('latin1');
  socket.write(sent);
  let answers = '';
  for await (const text of socket) {
    answers += text as string;
    if (last !== undefined && answers.includes(last)) break;
  }
  return answers;
}

test('a body that is refused leaves the connection to the next request', async (t) => {
  const url = await startServer(t);
  for (const [status, request] of Object.entries(refused())) {
    const answers = await ask(url, request + HEALTH, '{"status":"ok"}');
    assert.deepEqual(answers.match(/(?<=HTTP\/1.1 )\d+/g), [status, '200']);
  }
});

test('a body that is refused leaves the answer to a client that wants the connection closed', async (t) => {
  const url = await startServer(t);
  for (const [status, request] of Object.entries(refused('Connection: close\r\n'))) {
    const answer = await ask(url, request);
    assert.equal(answer.slice(0, `HTTP/1.1 ${status}`.length), `HTTP/1.1 ${status}`);
  }
});
