/** Serves the API in this process. */
import { createApp } from './app.js';
import { othersReady } from './cluster.js';
import { openPool } from './database.js';
import { createLog } from './log.js';
import type { Settings } from './settings.js';
import { allClosed, drain, terminated } from './shutdown.js';
import { UserStore } from './store.js';
import { Upstream } from './upstream.js';

/** Serves until SIGTERM; fails without a database. */
export async function serve(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel);
  const pool = await openPool(settings.databaseUrl, settings.poolSize, log);
  const upstream = new Upstream(settings.upstreamUrl);
  const app = createApp(settings, { users: new UserStore(pool), upstream }, log);

  await app.ready();
  await othersReady();
  await app.listen({ port: settings.port, host: settings.host });

  await terminated();
  await drain(app.server, app.close());
  await allClosed(upstream.close(), pool.end());
}
