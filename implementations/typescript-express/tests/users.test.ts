import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import test, { type TestContext } from 'node:test';

import type { Pool } from 'pg';

import { openPool } from '../src/database.js';
import { createLog } from '../src/log.js';
import { assertProblem } from './problem.js';
import { startServer } from './running.js';

type Answer = { id: number; created_at: string };

const USER = { email: 'new@example.com', name: 'New', age: 30, active: true };

const { DATABASE_URL } = process.env;
const needsDatabase = { skip: DATABASE_URL === undefined && 'DATABASE_URL names no database' };

/** A pool on a schema of its own with the seed, and the address of an application that uses it. */
async function startUsers(t: TestContext): Promise<{ url: string; pool: Pool }> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const database = new URL(DATABASE_URL ?? '');
  database.searchParams.set('options', `-c search_path=${schema} -c TimeZone=Asia/Kolkata`);
  const pool = await openPool(database.href, 2, createLog('error'));
  t.after(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  });
  await pool.query(`CREATE SCHEMA ${schema}`);
  for (const file of ['schema.sql', 'seed.sql']) await pool.query(await readFile(`../../spec/database/${file}`, 'utf8'));
  return { url: await startServer(t, { pool }), pool };
}

async function count(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ users: number; events: number }>(
    'SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM user_events) AS events',
  );
  return rows.flatMap(({ users, events }) => [users, events]);
}

function send(method: string, url: string, body: unknown): Promise<Response> {
  return fetch(url, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
}

test('a page is ordered and repeats its limits', needsDatabase, async (t) => {
  const { url } = await startUsers(t);
  const page = (await (await fetch(`${url}/users?limit=2&offset=9`)).json()) as { items: Answer[]; limit: number; offset: number };
  assert.deepEqual([page.items.map(({ id }) => id), page.limit, page.offset], [[10, 11], 2, 9]);
  assert.equal(((await (await fetch(`${url}/users`)).json()) as typeof page).items.length, 20);
  assert.deepEqual(await (await fetch(`${url}/users?offset=1000000`)).json(), { items: [], limit: 20, offset: 1_000_000 });
});

test('a user is answered as stored, to the microsecond', needsDatabase, async (t) => {
  const { url, pool } = await startUsers(t);
  await pool.query("UPDATE users SET created_at = '2020-02-29T23:59:59.000001Z' WHERE id = 1");
  const user = (await (await fetch(`${url}/users/1`)).json()) as Answer;
  assert.equal(user.created_at, '2020-03-01T05:29:59.000001+05:30');
  for (const missing of ['999999', String(2n ** 53n + 1n), String(2n ** 63n - 1n)]) {
    await assertProblem(await fetch(`${url}/users/${missing}`), 404);
  }
});

test('a user and its events are written together', needsDatabase, async (t) => {
  const { url, pool } = await startUsers(t);
  const response = await send('POST', `${url}/users`, { ...USER, id: 7 });
  const created = (await response.json()) as Answer;
  assert.deepEqual([response.status, response.headers.get('location')], [201, '/users/10001']);
  assert.deepEqual({ ...created, created_at: '' }, { id: 10_001, ...USER, created_at: '' });
  assert.deepEqual(await count(pool), [10_001, 1]);

  const replaced = await send('PUT', `${url}/users/10001`, { ...USER, age: 31 });
  assert.deepEqual(await replaced.json(), { ...created, age: 31 });
  assert.deepEqual(await (await fetch(`${url}/users/10001`)).json(), { ...created, age: 31 });
  assert.deepEqual(await count(pool), [10_001, 2]);
});

test('a taken email conflicts and stores nothing', needsDatabase, async (t) => {
  const { url, pool } = await startUsers(t);
  const taken = { ...USER, email: 'user2@example.com' };
  await assertProblem(await send('POST', `${url}/users`, taken), 409);
  await assertProblem(await send('PUT', `${url}/users/1`, taken), 409);
  await assertProblem(await send('PUT', `${url}/users/999999`, USER), 404);
  assert.deepEqual(await count(pool), [10_000, 0]);
});

test('a user whose event cannot be stored is not stored either', needsDatabase, async (t) => {
  const { url, pool } = await startUsers(t);
  await pool.query("ALTER TABLE user_events ADD CHECK (kind = 'nothing')");
  await assertProblem(await send('POST', `${url}/users`, USER), 500);
  await assertProblem(await send('PUT', `${url}/users/1`, USER), 500);
  assert.deepEqual(await count(pool), [10_000, 0]);
  const { rows } = await pool.query('SELECT 1 FROM users WHERE email = $1', [USER.email]);
  assert.deepEqual(rows, []);
});

test('an invalid member is named', async (t) => {
  const url = await startServer(t);
  const invalid: [object, ...string[]][] = [
    [{}, 'email', 'name', 'age', 'active'],
    [{ ...USER, email: 'no at' }, 'email'],
    [{ ...USER, email: 'a@b\n' }, 'email'],
    [{ ...USER, email: 'a\0@b' }, 'email'],
    [{ ...USER, email: `${'a'.repeat(253)}@b` }, 'email'],
    [{ ...USER, name: 'nul\0' }, 'name'],
    [{ ...USER, name: '' }, 'name'],
    [{ ...USER, age: '30', active: 1 }, 'age', 'active'],
    [{ ...USER, age: 151 }, 'age'],
    [{ ...USER, active: null }, 'active'],
  ];
  for (const [body, ...fields] of invalid) {
    await assertProblem(await send('POST', `${url}/users`, body), 422, ...fields);
    await assertProblem(await send('PUT', `${url}/users/1`, body), 422, ...fields);
  }
});

test('an invalid page is refused field by field', async (t) => {
  const url = await startServer(t);
  for (const limit of ['0', '101', '1.0', '%2B1', '', 'null', '9'.repeat(400), '1&limit=2']) {
    await assertProblem(await fetch(`${url}/users?limit=${limit}`), 422, 'limit');
  }
  await assertProblem(await fetch(`${url}/users?limit=0&offset=-1`), 422, 'limit', 'offset');
});

test('an invalid id is refused', async (t) => {
  const url = await startServer(t);
  for (const id of ['0', '-1', '1.0', 'one', '7x', String(2n ** 63n), '9'.repeat(400)]) {
    await assertProblem(await fetch(`${url}/users/${id}`), 422, 'id');
    await assertProblem(await send('PUT', `${url}/users/${id}`, USER), 422, 'id');
  }
});
