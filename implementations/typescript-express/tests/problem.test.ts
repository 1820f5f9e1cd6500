import test from 'node:test';

import { assertProblem } from './problem.js';
import { startServer } from './running.js';

const PATHS = { '/health': 'GET', '/echo': 'POST', '/users': 'GET, POST', '/users/1': 'GET, PUT', '/upload': 'POST' };

test('an unknown path is a problem, whatever is sent to it', async (t) => {
  const url = await startServer(t);
  for (const path of ['/', '/nothing', '/Health', '/health/', '/users/1/events', '/users/']) {
    await assertProblem(await fetch(url + path), 404);
  }
  const body = { method: 'POST', body: '{', headers: { 'Content-Type': 'application/json' } };
  await assertProblem(await fetch(`${url}/nothing`, body), 404);
});

test('every other method of a known path is a problem that names those that are allowed', async (t) => {
  const url = await startServer(t);
  for (const [path, allowed] of Object.entries(PATHS)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      if (allowed.includes(method)) continue;
      const response = await fetch(url + path, { method });
      t.assert.equal(response.headers.get('allow'), allowed);
      await assertProblem(response, 405);
    }
    const { status } = await fetch(url + path, { method: 'HEAD' });
    t.assert.equal(status, 405);
  }
});

test('a path that is no URI is a problem', async (t) => {
  await assertProblem(await fetch(`${await startServer(t)}/users/%ff`), 400);
});

test('a failure of the server is a problem that tells nothing about it', async (t) => {
  const url = await startServer(t); // without a database
  await assertProblem(await fetch(`${url}/users`), 500);
});
