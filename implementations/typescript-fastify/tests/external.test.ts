import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';

import { UPSTREAM_TIMEOUT_MS } from '../src/upstream.js';
import { assertProblem } from './problem.js';
import { startServer } from './running.js';

type Upstream = { upstreamUrl: string; keys: (string | null)[]; ports: Set<number | undefined> };

async function startUpstream(t: TestContext, answer: RequestListener): Promise<Upstream> {
  const keys: (string | null)[] = [];
  const ports = new Set<number | undefined>();
  const upstream = createServer((request, response) => {
    keys.push(new URL(request.url ?? '', 'http://upstream').searchParams.get('key'));
    ports.add(request.socket.remotePort);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  t.after(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  return { upstreamUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, keys, ports };
}

test("the upstream's value is passed on unchanged, after one call over a kept-alive connection", async (t) => {
  const { upstreamUrl, keys, ports } = await startUpstream(t, (_request, response) => {
    response.end('{"key": "theirs", "value": " é&"}');
  });
  const url = await startServer(t, { settings: { upstreamUrl } });
  for (const key of ['a b&c=ü', '😀'.repeat(64)]) {
    const response = await fetch(`${url}/external?key=${encodeURIComponent(key)}`);
    assert.deepEqual(await response.json(), { key, value: ' é&' });
  }
  assert.deepEqual(keys, ['a b&c=ü', '😀'.repeat(64)]);
  assert.equal(ports.size, 1);
});

test('an invalid key is refused without a call', async (t) => {
  const { upstreamUrl, keys } = await startUpstream(t, (_request, response) => response.end());
  const url = await startServer(t, { settings: { upstreamUrl } });
  for (const query of ['', '?key=', `?key=${'k'.repeat(65)}`, '?key=a&key=b']) {
    await assertProblem(await fetch(`${url}/external${query}`), 422, 'key');
  }
  assert.deepEqual(keys, []);
});

test('an upstream that gives no value is a bad gateway', async (t) => {
  const answers: RequestListener[] = [
    (_request, response) => response.writeHead(500).end('{"value": "v"}'),
    (_request, response) => response.writeHead(201).end('{"value": "v"}'),
    (_request, response) => response.writeHead(302, { Location: '/value' }).end(),
    (_request, response) => response.end('text'),
    (_request, response) => response.end('{"key": "k"}'),
    (_request, response) => response.end('{"value": 7}'),
    (_request, response) => response.end('null'),
    (request) => request.socket.destroy(),
  ];
  for (const answer of answers) {
    const { upstreamUrl, keys } = await startUpstream(t, answer);
    const url = await startServer(t, { settings: { upstreamUrl } });
    await assertProblem(await fetch(`${url}/external?key=k`), 502);
    assert.deepEqual(keys, ['k']);
  }
});

test('an upstream that cannot be reached is a bad gateway', async (t) => {
  await assertProblem(await fetch(`${await startServer(t)}/external?key=k`), 502);
});

test('an upstream that is silent, or stops in the middle of its answer, is a gateway timeout', async (t) => {
  const silent: RequestListener = () => undefined;
  const stopping: RequestListener = (_request, response) => response.write('{"value"');
  const answers = [silent, stopping].map(async (answer) => {
    const { upstreamUrl } = await startUpstream(t, answer);
    const url = await startServer(t, { settings: { upstreamUrl } });
    const started = performance.now();
    await assertProblem(await fetch(`${url}/external?key=k`), 504);
    const took = performance.now() - started;
    assert.ok(took > UPSTREAM_TIMEOUT_MS - 5 && took < UPSTREAM_TIMEOUT_MS + 1000, `${took} ms`);
  });
  await Promise.all(answers);
});
