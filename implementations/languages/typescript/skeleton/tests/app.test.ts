import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';

import { handle } from '../src/app.js';

/** The address of the application on a port of its own. */
async function startServer(t: TestContext): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a process that serves is healthy', async (t) => {
  const response = await fetch(`${await startServer(t)}/health?ignored`);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.deepEqual(await response.json(), { status: 'ok' });
});

test('an error is a problem', async (t) => {
  const url = await startServer(t);
  const expected = { 'GET /nothing': 404, 'GET /users/1/events': 404, 'DELETE /users/1': 405, 'POST /echo': 501 };
  for (const [request, status] of Object.entries(expected)) {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(url + path, { method });
    assert.equal(response.status, status, request);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const { detail, ...rest } = (await response.json()) as { detail: string };
    assert.deepEqual(rest, { type: 'about:blank', title: STATUS_CODES[status], status });
    assert.notEqual(detail, '');
  }
});
