import assert from 'node:assert/strict';
import test from 'node:test';

import { readSettings } from '../src/settings.js';
import { ENVIRONMENT, SECRET } from './running.js';

test('settings come from the environment', () => {
  assert.deepEqual(readSettings({ ...ENVIRONMENT, PORT: '8000', LOG_LEVEL: 'warning', MIDDLEWARE_DEPTH: '3', OTHER: 'x' }), {
    host: '127.0.0.1',
    port: 8000,
    workers: 1,
    databaseUrl: ENVIRONMENT.DATABASE_URL,
    poolSize: 2,
    upstreamUrl: ENVIRONMENT.UPSTREAM_URL,
    jwtSecret: ENVIRONMENT.JWT_SECRET,
    jwtAudience: 'tests',
    logLevel: 'warning',
    middlewareDepth: 3,
  });
});

test('what has a default may be missing', () => {
  const { logLevel, middlewareDepth } = readSettings(ENVIRONMENT);
  assert.deepEqual({ logLevel, middlewareDepth }, { logLevel: 'info', middlewareDepth: 0 });
});

test('a process gets its share of the connections, and at least one', () => {
  for (const [total, share] of Object.entries({ 16: 5, 3: 1, 2: 1 })) {
    assert.equal(readSettings({ ...ENVIRONMENT, WORKERS: '3', DB_POOL_TOTAL: total }).poolSize, share);
  }
});

test('a wrong setting is named, and its value is not repeated', () => {
  const wrong = {
    PORT: '70000',
    WORKERS: '0',
    DB_POOL_TOTAL: '-1',
    MIDDLEWARE_DEPTH: '1.5',
    LOG_LEVEL: 'loud',
    JWT_SECRET: '',
    HOST: undefined,
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(
      () => readSettings({ ...ENVIRONMENT, [name]: value }),
      ({ message }: Error) => message.includes(name) && !message.includes(SECRET) && (!value || !message.includes(value)),
    );
  }
});
