import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, it } from 'node:test';
import type { Pool } from 'pg';
import { openPool } from '../src/database/pool.js';
import { ADAPTERS, assertJson, assertProblem, startServer, type TestServer } from './server.js';

const DATABASE_URL = process.env.DATABASE_URL;
const SCHEMA_FILE = new URL('../../../../../spec/database/schema.sql', import.meta.url); // from dist/tests/tests
const POOL_SIZE = 3;

const person = (email: string, changes: Record<string, unknown> = {}): string =>
  JSON.stringify({ email, name: 'Zoë', age: 0, active: false, ...changes });

/** A server over empty tables, in a schema of their own. */
async function startUsers(adapter: (typeof ADAPTERS)[number], url: string): Promise<{ server: TestServer; pool: Pool }> {
  const schema = `nestjs_${adapter}_${process.pid}`;
  const tables = await readFile(SCHEMA_FILE, 'utf8');
  const admin = await openPool(url, 1);
  await admin.query(`CREATE SCHEMA ${schema}`);
  after(async () => {
    await admin.query(`DROP SCHEMA ${schema} CASCADE`);
    await admin.end();
  });
  const address = new URL(url);
  address.searchParams.set('options', `-c TimeZone=UTC -c search_path=${schema}`);
  const pool = await openPool(address.href, POOL_SIZE);
  await pool.query(tables);
  return { server: await startServer(adapter, {}, pool), pool };
}

async function events(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ kinds: string }>(
    "SELECT coalesce(string_agg(user_id || kind, ' ' ORDER BY id), '') AS kinds FROM user_events",
  );
  return rows[0]?.kinds ?? '';
}

for (const adapter of ADAPTERS) {
  describe(`/users on ${adapter}`, async () => {
    const unconnected = await startServer(adapter);

    it('refuses invalid users without the database', async () => {
      const cases: [body: string, ...fields: string[]][] = [
        ['{}', 'email', 'name', 'age', 'active'],
        [person('a@'), 'email'],
        [person('abc'), 'email'],
        [person('a@b@c'), 'email'],
        [person('a@b\n'), 'email'],
        [person('a@b\0'), 'email'],
        [person(`${'x'.repeat(250)}@example`), 'email'],
        [person('a@b', { name: '\0' }), 'name'],
        [person('a@b', { name: '\ud800' }), 'name'],
        [person('a@b', { age: 151 }), 'age'],
        [person('a@b', { age: '1' }), 'age'],
        [person('a b@c', { active: 0 }), 'email', 'active'],
      ];
      for (const [body, ...fields] of cases) {
        await assertProblem(await unconnected.post('/users', body), 422, fields, body);
        await assertProblem(await unconnected.call('/users/1', { method: 'PUT', body }), 422, fields, body);
      }
    });

    it('refuses invalid ids and pages without the database', async () => {
      for (const id of ['0', '-1', '1.5', 'x', '9223372036854775808', '1'.repeat(1000)]) {
        await assertProblem(await unconnected.call(`/users/${id}`), 422, ['id'], id);
        await assertProblem(await unconnected.call(`/users/${id}`, { method: 'PUT', body: person('a@b') }), 422, ['id'], id);
      }
      const cases: Record<string, string[]> = {
        'limit=0': ['limit'],
        'limit=101': ['limit'],
        'limit=': ['limit'],
        'offset=1.5&limit=+1': ['offset', 'limit'],
      };
      for (const [query, fields] of Object.entries(cases))
        await assertProblem(await unconnected.call(`/users?${query}`), 422, fields, query);
    });
  });

  describe(`/users in PostgreSQL on ${adapter}`, { skip: DATABASE_URL ? false : 'DATABASE_URL names no database' }, async () => {
    const { server, pool } = await startUsers(adapter, DATABASE_URL ?? '');
    const put = (id: string, body: string): Promise<Response> => server.call(`/users/${id}`, { method: 'PUT', body });

    it('has its pool open', () => {
      assert.equal(pool.totalCount, POOL_SIZE);
    });

    it('creates, reads, lists and replaces a user', async () => {
      const response = await server.post('/users', person('zoe@example.com'));
      assert.equal(response.headers.get('Location'), '/users/1');
      const created = (await response.clone().json()) as Record<string, unknown>;
      await assertJson(response, 201, {
        id: 1,
        email: 'zoe@example.com',
        name: 'Zoë',
        age: 0,
        active: false,
        created_at: created.created_at,
      });
      await assertJson(await server.call('/users/1'), 200, created);
      await assertJson(await server.call('/users?limit=1'), 200, { items: [created], limit: 1, offset: 0 });
      await assertJson(await server.call('/users?offset=1'), 200, { items: [], limit: 20, offset: 1 });
      await assertJson(await put('1', person('zoe@example.com', { name: 'Ada' })), 200, { ...created, name: 'Ada' });
      assert.equal(await events(pool), '1created 1replaced');
    });

    it('stores nothing of a conflict or of a missing user', async () => {
      await server.post('/users', person('b@example.com'));
      const before = await events(pool);
      await assertProblem(await server.post('/users', person('b@example.com')), 409);
      await assertProblem(await put('1', person('b@example.com')), 409);
      await assertProblem(await put('9223372036854775807', person('c@example.com')), 404);
      await assertProblem(await server.call('/users/9223372036854775806'), 404);
      assert.equal(await events(pool), before);
    });

    it('answers instants to the microsecond and ids to the last digit', async () => {
      const row = "(9223372036854775807, 'wide@example.com', '\"id\":\"5\"', 1, true, '2020-02-29 23:59:59.000001+02')";
      await pool.query(`INSERT INTO users (id, email, name, age, active, created_at) VALUES ${row}`);
      const expected =
        '{"id":9223372036854775807,"email":"wide@example.com","name":"\\"id\\":\\"5\\"","age":1,"active":true,"created_at":"2020-02-29T21:59:59.000001Z"}';
      const response = await server.call('/users/9223372036854775807');
      assert.match(response.headers.get('Content-Type') ?? '', /^application\/json\b/);
      assert.equal(await response.text(), expected);
      assert.ok((await (await server.call('/users')).text()).includes(`,${expected}],"limit":20`));
      assert.equal((await put('9223372036854775807', person('w@example.com'))).status, 200);
    });
  });
}
