import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { ADAPTERS, assertJson, assertProblem, startServer } from './server.js';

type TestUpstream = { url: string; calls: string[]; connections: () => number };

async function startUpstream(answer: RequestListener): Promise<TestUpstream> {
  const calls: string[] = [];
  let connections = 0;
  const upstream = createServer((request, response) => {
    calls.push(request.url ?? '');
    answer(request, response);
  });
  upstream.on('connection', () => {
    connections += 1;
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  after(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  return { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, calls, connections: () => connections };
}

for (const adapter of ADAPTERS) {
  describe(`GET /external on ${adapter}`, () => {
    it('passes the value of one call on, over a connection that stays open', async () => {
      const upstream = await startUpstream((request, response) =>
        response.end(JSON.stringify({ key: 'theirs', value: `v of ${request.url ?? ''}` })),
      );
      const server = await startServer(adapter, { UPSTREAM_URL: upstream.url });
      for (let call = 1; call <= 3; call += 1) {
        await assertJson(await server.call('/external?key=a+b%26c%C3%A9'), 200, {
          key: 'a b&cé',
          value: 'v of /value?key=a%20b%26c%C3%A9',
        });
        assert.equal(upstream.calls.length, call);
      }
      assert.equal(upstream.connections(), 1);
    });

    it('refuses an invalid key without a call', async () => {
      const upstream = await startUpstream((_request, response) => response.end('{"value":"v"}'));
      const server = await startServer(adapter, { UPSTREAM_URL: upstream.url });
      for (const query of ['', '?key=', `?key=${'k'.repeat(65)}`, '?key=a&key=b']) {
        await assertProblem(await server.call(`/external${query}`), 422, ['key'], query);
      }
      assert.deepEqual(upstream.calls, []);
    });

    it('answers 502 where the upstream fails', async () => {
      const failures: RequestListener[] = [
        (_request, response) => response.writeHead(500).end(),
        (_request, response) => response.writeHead(201).end('{"value":"v"}'),
        (_request, response) => response.writeHead(302, { Location: '/value' }).end(),
        (_request, response) => response.end('text'),
        (_request, response) => response.end('null'),
        (_request, response) => response.end('{"key":"k"}'),
        (_request, response) => response.end('{"value":7}'),
        (_request, response) => response.destroy(),
      ];
      for (const failure of failures) {
        const upstream = await startUpstream(failure);
        const server = await startServer(adapter, { UPSTREAM_URL: upstream.url });
        await assertProblem(await server.call('/external?key=k'), 502, [], String(failure));
        assert.equal(upstream.calls.length, 1);
      }
      const alone = await startServer(adapter);
      await assertProblem(await alone.call('/external?key=k'), 502);
    });

    it('answers 504 after two seconds of silence, before and within the body', async () => {
      for (const silence of [() => undefined, (_request, response) => response.write('{')] satisfies RequestListener[]) {
        const upstream = await startUpstream(silence);
        const server = await startServer(adapter, { UPSTREAM_URL: upstream.url });
        const started = performance.now();
        await assertProblem(await server.call('/external?key=k'), 504);
        const took = performance.now() - started;
        assert.ok(took > 1900 && took < 3000, `took ${took} ms`);
      }
    });
  });
}
