import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { JwtService } from '@nestjs/jwt';
import { openRequestLog } from '../src/protected/request-log.js';
import { ADAPTERS, assertJson, assertProblem, startServer } from './server.js';

const SECRET = 'a secret of the tests alone';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const jwt = new JwtService();
const now = (): number => Math.floor(Date.now() / 1000);

/** The header of a token with valid claims but for the changes; undefined leaves a claim out. */
function bearer(
  changes: Record<string, unknown> = {},
  secret = SECRET,
  algorithm: 'HS256' | 'HS512' | 'none' = 'HS256',
): { Authorization: string } {
  const claims = { sub: 'alice', aud: 'tests', exp: now() + 60, scope: 'other read:protected', ...changes };
  return { Authorization: `Bearer ${jwt.sign(JSON.parse(JSON.stringify(claims)) as object, { secret, algorithm })}` };
}

for (const adapter of ADAPTERS) {
  describe(`GET /protected on ${adapter}`, async () => {
    const server = await startServer(adapter, { JWT_SECRET: SECRET, MIDDLEWARE_DEPTH: '3' });
    const get = (query: string, headers: Record<string, string>): Promise<Response> => server.call(`/protected${query}`, { headers });

    it('answers who asked what, and the middlewares passed', async () => {
      const response = await get('?q=find+me&page=9', { ...bearer(), 'X-Request-Id': 'own-id' });
      assert.equal(response.headers.get('X-Request-Id'), 'own-id');
      await assertJson(response, 200, { subject: 'alice', q: 'find me', page: 9, request_id: 'own-id', middlewares: [1, 2, 3] });
    });

    it('has an empty list without counting middlewares', async () => {
      const shallow = await startServer(adapter, { JWT_SECRET: SECRET });
      const response = await shallow.call('/protected?q=x', { headers: { ...bearer(), 'X-Request-Id': 'i' } });
      await assertJson(response, 200, { subject: 'alice', q: 'x', page: 1, request_id: 'i', middlewares: [] });
    });

    it('refuses an unusable token before all else', async () => {
      const refused: Record<string, Record<string, string>> = {
        'no header': {},
        'another scheme': { Authorization: bearer().Authorization.replace('Bearer', 'Basic') },
        'no token': { Authorization: 'Bearer' },
        'no JWT': { Authorization: 'Bearer x.y.z' },
        'another key': bearer({}, 'another'),
        'another algorithm': bearer({}, SECRET, 'HS512'),
        'no signature': bearer({}, '', 'none'),
        expired: bearer({ exp: now() - 1 }),
        'expiring now': bearer({ exp: now() }),
        'without exp': bearer({ exp: undefined }),
        'without sub': bearer({ sub: undefined }),
        'without aud': bearer({ aud: undefined }),
        'another audience': bearer({ aud: 'others' }),
      };
      for (const [what, headers] of Object.entries(refused)) {
        const response = await get('', { ...headers, 'X-Request-Id': 'own-id' });
        assert.equal(response.headers.get('WWW-Authenticate'), 'Bearer', what);
        assert.equal(response.headers.get('X-Request-Id'), 'own-id', what);
        await assertProblem(response, 401, [], what);
      }
    });

    it('asks for the scope before the query', async () => {
      for (const scope of [undefined, '', 'read:protected2', ['read:protected']])
        await assertProblem(await get('', bearer({ scope })), 403);
    });

    it('validates the query last', async () => {
      const cases: Record<string, string[]> = {
        '': ['q'],
        '?q=&page=0': ['q', 'page'],
        '?q=x&page=': ['page'],
        '?q=x&page=1.5': ['page'],
        '?q=x&page=1e1': ['page'],
        '?q=x&page=1001': ['page'],
        '?q=x&q=y': ['q'],
        [`?q=${'é'.repeat(65)}`]: ['q'],
      };
      for (const [query, fields] of Object.entries(cases)) await assertProblem(await get(query, bearer()), 422, fields, query);
    });

    it('replaces an unusable request id by a UUID', async () => {
      for (const id of ['', 'a b', 'é', 'x'.repeat(129)]) {
        const response = await get('?q=x', { 'X-Request-Id': id });
        assert.match(response.headers.get('X-Request-Id') ?? '', UUID);
      }
    });

    it('logs each answer in one line', async () => {
      const { call, lines } = await startServer(adapter, { JWT_SECRET: SECRET });
      await call('/health');
      await call('/protected', { headers: { 'X-Request-Id': 'first' } });
      await call('/protected?q=x', { headers: { ...bearer(), 'X-Request-Id': 'second' } });
      while (lines.length < 2) await sleep(1);
      const logged = lines.map((line) => JSON.parse(line) as { time: string; duration_ms: number });
      for (const { time, duration_ms } of logged) {
        assert.ok(Math.abs(Date.now() - Date.parse(time)) < 60_000);
        assert.ok(duration_ms > 0);
      }
      assert.deepEqual(
        logged.map((line) => ({ ...line, time: '', duration_ms: 0 })),
        [
          { level: 'info', time: '', request_id: 'first', subject: null, status: 401, duration_ms: 0, message: 'protected' },
          { level: 'info', time: '', request_id: 'second', subject: 'alice', status: 200, duration_ms: 0, message: 'protected' },
        ],
      );
    });
  });
}

it('the request log is silent at level warning', () => {
  const lines: string[] = [];
  openRequestLog('warning', { write: (line) => lines.push(line) }).info('protected');
  assert.deepEqual(lines, []);
});
