import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADAPTERS, assertJson, assertProblem, startServer } from './server.js';

const PATHS = {
  '/health': 'GET',
  '/echo': 'POST',
  '/users': 'GET, POST',
  '/users/1': 'GET, PUT',
  '/external': 'GET',
  '/protected': 'GET',
  '/upload': 'POST',
};

for (const adapter of ADAPTERS) {
  describe(`The router on ${adapter}`, async () => {
    const server = await startServer(adapter);

    it('answers that the server is ready', async () => {
      await assertJson(await server.call('/health'), 200, { status: 'ok' });
    });

    it('knows no other path than those of the API', async () => {
      for (const path of ['/', '/nothing', '/Health', '/health/', '/users/', '/users/1/events', '/users/1/', '/protected/x']) {
        await assertProblem(await server.call(path), 404, [], path);
      }
      assert.deepEqual(server.lines, []);
    });

    it('answers 405 to the other methods of a path, with those that it has', async () => {
      for (const [path, allowed] of Object.entries(PATHS)) {
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'].filter(
          (name) => !allowed.split(', ').includes(name),
        )) {
          const response = await server.call(path, { method });
          assert.equal(response.headers.get('Allow'), allowed);
          await assertProblem(response, 405, [], `${method} ${path}`);
        }
        const { status } = await server.call(path, { method: 'HEAD' });
        assert.equal(status, 405, `HEAD ${path}`);
      }
    });

    it('answers a fault of its own with a problem that says nothing about it', async () => {
      const response = await server.call('/users');
      assert.match(await response.clone().text(), /The server failed to answer/);
      await assertProblem(response, 500);
    });

    it('answers an undecodable path with a problem', async () => {
      await assertProblem(await server.call('/users/%ff'), 400);
    });

    it('reads a refused body to its end before it answers', async () => {
      const refusals = { '/nothing': 404, '/health': 405, '/users/%ff': 400, '/upload': 415 };
      for (const [path, status] of Object.entries(refusals)) {
        const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
        const head = `POST ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n`;
        socket.write(`${head}"unre`);
        await sleep(50);
        assert.equal(socket.bytesRead, 0, path);
        socket.write('ad"');
        const [answer] = (await once(socket, 'data')) as [Buffer];
        assert.match(answer.toString(), new RegExp(`^HTTP/1.1 ${status} `));
      }
    });

    it('keeps a connection open behind refused bodies', async () => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      await once(socket, 'connect');
      for (const body of ['{', 'x'.repeat(1_048_577)]) {
        socket.write(`POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        assert.doesNotMatch(answer.toString(), /^connection: close/im);
      }
      socket.end('GET /health HTTP/1.1\r\nHost: test\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
    });
  });
}
