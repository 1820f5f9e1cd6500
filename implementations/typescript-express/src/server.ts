/** Serves the API in this process. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import { createApp } from './app.js';
import { othersReady } from './cluster.js';
import { openPool } from './database.js';
import { createLog } from './log.js';
import type { Settings } from './settings.js';
import { allClosed, drain, terminated } from './shutdown.js';
import { UserStore } from './store.js';
import { Upstream } from './upstream.js';

/** Kept-alive connections outlast a proxy's idle ones. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Serves until SIGTERM; fails without a database. */
export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel);
  const pool = await openPool(settings.databaseUrl, settings.poolSize, log);
  const upstream = new Upstream(settings.upstreamUrl);
  const app = createApp(settings, { users: new UserStore(pool), upstream }, log);

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, app);
  await othersReady();
  server.listen(settings.port, settings.host);
  await once(server, 'listening');

  await terminated();
  server.close();
  await drain(server, once(server, 'close'));
  await allClosed(upstream.close(), pool.end());
}
