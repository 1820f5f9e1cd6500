import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import test from 'node:test';

import { assertProblem } from './problem.js';
import { SECRET, startServer } from './running.js';

type Claims = Record<string, unknown>;
type LogLine = {
  time: string;
  level: string;
  message: string;
  request_id: string;
  subject: string | null;
  status: number;
  duration_ms: number;
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A valid token but for the changes; a claim that is undefined is left out. */
function sign(changes: Claims = {}, { key = SECRET, algorithm = 'HS256', digest = 'sha256' } = {}): string {
  const claims = { sub: 'alice', aud: 'tests', exp: Date.now() / 1000 + 60, scope: 'openid read:protected', ...changes };
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const data = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(claims)}`;
  return `${data}.${createHmac(digest, key).update(data).digest('base64url')}`;
}

const bearer = (changes?: Claims) => ({ Authorization: `Bearer ${sign(changes)}` });

test('a valid token is answered with subject, query, request id and middlewares', async (t) => {
  const url = await startServer(t, { settings: { middlewareDepth: 3 } });
  const headers = { ...bearer(), 'X-Request-Id': 'own~id' };
  const response = await fetch(`${url}/protected?q=find+me&page=9`, { headers });
  assert.equal(response.headers.get('x-request-id'), 'own~id');
  assert.deepEqual(await response.json(), { subject: 'alice', q: 'find me', page: 9, request_id: 'own~id', middlewares: [1, 2, 3] });
});

test('without counting middlewares the list is empty', async (t) => {
  const url = await startServer(t);
  const response = await fetch(`${url}/protected?q=x`, { headers: { ...bearer(), 'X-Request-Id': 'i' } });
  assert.deepEqual(await response.json(), { subject: 'alice', q: 'x', page: 1, request_id: 'i', middlewares: [] });
});

test('without a valid token even an invalid query is unauthorized', async (t) => {
  const url = await startServer(t);
  const now = Date.now() / 1000;
  const valid = sign();
  const authorizations = [
    undefined,
    'Bearer',
    'Bearer x',
    'Bearer a.b.c',
    `Basic ${valid}`,
    `Bearer ${valid}x`,
    `Bearer ${valid.slice(0, valid.lastIndexOf('.') + 1)}`,
    `Bearer ${sign({}, { key: 'another' })}`,
    `Bearer ${sign({}, { algorithm: 'HS512', digest: 'sha512' })}`,
    `Bearer ${sign({}, { algorithm: 'none' })}`,
    `Bearer ${sign({ exp: now - 1 })}`,
    `Bearer ${sign({ exp: undefined })}`,
    `Bearer ${sign({ exp: 'tomorrow' })}`,
    `Bearer ${sign({ sub: undefined })}`,
    `Bearer ${sign({ sub: '' })}`,
    `Bearer ${sign({ sub: 7 })}`,
    `Bearer ${sign({ aud: 'others' })}`,
    `Bearer ${sign({ aud: undefined })}`,
  ];
  for (const authorization of authorizations) {
    const headers = { 'X-Request-Id': 'own', ...(authorization !== undefined && { Authorization: authorization }) };
    const response = await fetch(`${url}/protected`, { headers });
    assert.equal(response.headers.get('www-authenticate'), 'Bearer', authorization);
    assert.equal(response.headers.get('x-request-id'), 'own');
    await assertProblem(response, 401);
  }
});

test('without the scope even an invalid query is forbidden', async (t) => {
  const url = await startServer(t);
  for (const scope of [undefined, '', 'read:protected2', ['read:protected']]) {
    await assertProblem(await fetch(`${url}/protected`, { headers: bearer({ scope }) }), 403);
  }
});

test('an invalid query is refused field by field', async (t) => {
  const url = await startServer(t);
  const invalid: [string, ...string[]][] = [
    ['', 'q'],
    ['?q=&page=0', 'q', 'page'],
    [`?q=${'é'.repeat(65)}`, 'q'],
    ['?q=x&q=y', 'q'],
    ...['', '1.5', '1.0', '%2B1', '1e2', '0x1', '1001', '9'.repeat(400), 'Infinity', 'NaN', '1&page=2'].map((page): [string, string] => [
      `?q=x&page=${page}`,
      'page',
    ]),
  ];
  for (const [query, ...fields] of invalid) {
    await assertProblem(await fetch(`${url}/protected${query}`, { headers: bearer() }), 422, ...fields);
  }
});

test('only visible ASCII of up to 128 characters is a request id', async (t) => {
  const url = await startServer(t);
  for (const id of ['', 'a b', 'é', 'x'.repeat(129)]) {
    const response = await fetch(`${url}/protected`, { headers: { 'X-Request-Id': id } });
    assert.match(response.headers.get('x-request-id') ?? '', UUID);
  }
});

test('each answer of this route alone is one JSON line', async (t) => {
  const logLines: string[] = [];
  const url = await startServer(t, { logLines });
  await fetch(`${url}/health`);
  await fetch(`${url}/protected`, { headers: { 'X-Request-Id': 'first' } });
  await fetch(`${url}/protected?q=x`, { headers: { ...bearer(), 'X-Request-Id': 'second' } });
  const lines = logLines.map((line) => JSON.parse(line) as LogLine).filter(({ message }) => message === 'protected');
  assert.deepEqual(
    lines.map(({ time, duration_ms, ...fields }) => {
      assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000 && duration_ms > 0 && duration_ms < 60_000);
      return fields;
    }),
    [
      { level: 'info', message: 'protected', request_id: 'first', subject: null, status: 401 },
      { level: 'info', message: 'protected', request_id: 'second', subject: 'alice', status: 200 },
    ],
  );
});

test('at the level warning no line is written', async (t) => {
  const logLines: string[] = [];
  const url = await startServer(t, { logLines, settings: { logLevel: 'warning' } });
  await fetch(`${url}/protected?q=x`, { headers: bearer() });
  assert.deepEqual(logLines, []);
});
