/** Starts the application on a port of its own, for the other files of this folder to ask. */
import type { TestContext } from 'node:test';

import { Pool } from 'pg';

import { createApp } from '../src/app.js';
import { createLog } from '../src/log.js';
import { readSettings, type Settings } from '../src/settings.js';
import { UserStore } from '../src/store.js';
import { Upstream } from '../src/upstream.js';

export const SECRET = 'a secret of the tests alone, of more than 32 bytes';

export const ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '0',
  WORKERS: '1',
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
  DB_POOL_TOTAL: '2',
  UPSTREAM_URL: 'http://127.0.0.1:1',
  JWT_SECRET: SECRET,
  JWT_AUDIENCE: 'tests',
};

type Surroundings = { settings?: Partial<Settings>; pool?: Pool; logLines?: string[] };

/** The address of the application; without a pool of their own the routes of `/users` find no database. */
export async function startServer(t: TestContext, { settings, pool, logLines = [] }: Surroundings = {}): Promise<string> {
  const all = { ...readSettings(ENVIRONMENT), ...settings };
  const users = new UserStore(pool ?? new Pool({ connectionString: all.databaseUrl }));
  const upstream = new Upstream(all.upstreamUrl);
  const log = createLog(all.logLevel, { write: (line) => void logLines.push(line) });
  const app = createApp(all, { users, upstream }, log);
  t.after(async () => {
    app.server.closeAllConnections();
    await Promise.all([app.close(), upstream.close()]);
  });
  return app.listen({ port: 0, host: '127.0.0.1' });
}
