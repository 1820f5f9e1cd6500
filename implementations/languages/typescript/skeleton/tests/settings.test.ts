import assert from 'node:assert/strict';
import test from 'node:test';

import { readSettings } from '../src/settings.js';

const ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '8000',
  WORKERS: '3',
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
  DB_POOL_TOTAL: '16',
  UPSTREAM_URL: 'http://127.0.0.1:1',
  JWT_SECRET: 'a secret of the tests alone, of more than 32 bytes',
  JWT_AUDIENCE: 'tests',
};

test('a process gets its share of the connections, and at least one', () => {
  for (const [total, share] of Object.entries({ 16: 5, 3: 1, 2: 1 })) {
    assert.equal(readSettings({ ...ENVIRONMENT, DB_POOL_TOTAL: total }).poolSize, share);
  }
});

test('a wrong setting is named, and its value is not repeated', () => {
  const wrong = { PORT: '70000', WORKERS: '0', DB_POOL_TOTAL: 'many', MIDDLEWARE_DEPTH: '1.5', LOG_LEVEL: 'loud', HOST: undefined };
  for (const [name, value = ''] of Object.entries(wrong)) {
    const environment = { ...ENVIRONMENT, [name]: value };
    assert.throws(
      () => readSettings(environment),
      ({ message }: Error) => message.includes(name) && (value.length < 2 || !message.includes(value)),
    );
  }
});
