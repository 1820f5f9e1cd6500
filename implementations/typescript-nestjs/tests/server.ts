/** Starts the application on a port of its own, for tests that are clients of it. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import assert from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Pool } from 'pg';
import { type AdapterName, adapters } from '../src/adapters/index.js';
import { AppModule } from '../src/app.module.js';
import type { Problem } from '../src/http/problem.js';
import { openRequestLog, REQUEST_LOG } from '../src/protected/request-log.js';
import { APP_OPTIONS } from '../src/serve.js';
import { readSettings } from '../src/settings.js';

export const ADAPTERS = Object.keys(adapters) as AdapterName[];

const ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '1',
  WORKERS: '1',
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
  DB_POOL_TOTAL: '3',
  UPSTREAM_URL: 'http://127.0.0.1:1',
  JWT_SECRET: 'a secret of the tests alone',
  JWT_AUDIENCE: 'tests',
};

export type TestServer = {
  url: string;
  /** The request log. */
  lines: string[];
  call: (path: string, request?: RequestInit) => Promise<Response>;
  post: (path: string, body: string) => Promise<Response>;
};

/** The application with a pool that does not connect before it is asked to, unless one is given. */
export async function startServer(
  adapter: AdapterName,
  environment: Record<string, string> = {},
  pool = new Pool({ connectionString: ENVIRONMENT.DATABASE_URL }),
): Promise<TestServer> {
  const lines: string[] = [];
  const log = openRequestLog('info', { write: (line) => lines.push(line) });
  const module = await Test.createTestingModule({ imports: [AppModule.with(readSettings({ ...ENVIRONMENT, ...environment }))] })
    .overrideProvider(Pool)
    .useValue(pool)
    .overrideProvider(REQUEST_LOG)
    .useValue(log)
    .compile();
  const app = module.createNestApplication<INestApplication<Server>>(adapters[adapter](), APP_OPTIONS);
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  after(() => app.close());

  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const call = (path: string, request?: RequestInit): Promise<Response> => fetch(url + path, request);
  const post = (path: string, body: string): Promise<Response> =>
    call(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
  return { url, lines, call, post };
}

/** Asks for a problem with this status and, where there are any, these invalid fields. */
export async function assertProblem(response: Response, status: number, fields: string[] = [], asked?: string): Promise<void> {
  const problem = (await response.json()) as Problem;
  const seen = {
    status: response.status,
    kind: response.headers.get('Content-Type')?.split(';')[0],
    named: problem.status,
    type: problem.type,
  };
  assert.deepEqual(seen, { status, kind: 'application/problem+json', named: status, type: 'about:blank' }, asked);
  assert.deepEqual((problem.errors ?? []).map(({ field }) => field).sort(), fields.sort(), asked);
  assert.ok(problem.title.length > 0 && problem.detail.length > 0);
}

export async function assertJson(response: Response, status: number, body: unknown): Promise<void> {
  assert.match(response.headers.get('Content-Type') ?? '', /^application\/json\b/);
  assert.deepEqual({ status: response.status, body: await response.json() }, { status, body });
}
