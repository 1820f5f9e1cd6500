import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readSettings } from '../src/settings.js';

const ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '8000',
  WORKERS: '3',
  DATABASE_URL: 'postgresql://u:p@127.0.0.1/api',
  DB_POOL_TOTAL: '16',
  UPSTREAM_URL: 'http://127.0.0.1:9000',
  JWT_SECRET: 'secret',
  JWT_AUDIENCE: 'lab',
};

it('settings come from the environment, and nothing else of it', () => {
  const settings = readSettings({ ...ENVIRONMENT, PATH: '/bin', MIDDLEWARE_DEPTH: '5' });
  assert.deepEqual(structuredClone(settings), {
    ...ENVIRONMENT,
    PORT: 8000,
    WORKERS: 3,
    DB_POOL_TOTAL: 16,
    LOG_LEVEL: 'info',
    MIDDLEWARE_DEPTH: 5,
  });
});

it('connections are shared out among the processes', () => {
  for (const [total, each] of [
    ['16', 5],
    ['3', 1],
    ['2', 1],
  ] as const) {
    assert.equal(readSettings({ ...ENVIRONMENT, DB_POOL_TOTAL: total }).poolSize, each);
  }
});

it('every wrong variable is named, and no value is repeated', () => {
  const wrong = { PORT: '70000', WORKERS: '0', DB_POOL_TOTAL: '1.5', MIDDLEWARE_DEPTH: '-1', JWT_SECRET: '', LOG_LEVEL: 'loud' };
  assert.throws(
    () => readSettings({ ...ENVIRONMENT, ...wrong, HOST: undefined }),
    ({ message }: Error) => [...Object.keys(wrong), 'HOST'].every((name) => message.includes(name)) && !message.includes('70000'),
  );
});
