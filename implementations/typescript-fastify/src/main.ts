/** Serves the reference API: `main.js node` in one process, `main.js cluster` in WORKERS processes. */
import cluster from 'node:cluster';

import { supervise } from './cluster.js';
import { serve } from './server.js';
import { readSettings } from './settings.js';

async function run(server: string | undefined): Promise<void> {
  const settings = readSettings(process.env);
  switch (server) {
    case 'node':
      if (settings.workers !== 1) throw new Error(`The node server is one process: WORKERS must be 1, not ${settings.workers}.`);
      return serve(settings);
    case 'cluster':
      return cluster.isPrimary ? supervise(settings.workers) : serve(settings);
    default:
      throw new Error('Usage: main.js node|cluster');
  }
}

try {
  await run(process.argv[2]);
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
