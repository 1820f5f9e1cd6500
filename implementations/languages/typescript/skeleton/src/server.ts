/** Serves the API in this process, from the first connection to the last answer. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import { handle } from './app.js';
import type { Settings } from './settings.js';

/** Kept-alive connections outlast a proxy's idle ones. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** Leaves room to exit within the five seconds that a server has after SIGTERM. */
const DRAIN_TIMEOUT_MS = 3500;

/** Serves until SIGTERM. The pool is opened before it listens, and closed last. */
export async function serve(settings: Settings): Promise<void> {
  if (settings.workers !== 1) throw new Error(`The server is one process: WORKERS must be 1, not ${settings.workers}.`);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, handle);
  const terminated = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  server.listen(settings.port, settings.host);
  await once(server, 'listening');

  await terminated;
  const closed = once(server, 'close');
  server.close(); // and with it the connections that are idle
  setTimeout(() => {
    server.closeAllConnections();
  }, DRAIN_TIMEOUT_MS).unref();
  await closed;
}
