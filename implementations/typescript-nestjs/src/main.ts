/** Serves the reference API: `main.js express|fastify` in one process, with `cluster` behind it in WORKERS processes. */

import 'reflect-metadata';
import cluster from 'node:cluster';
import { isAdapterName } from './adapters/index.js';
import { supervise } from './cluster.js';
import { serve } from './serve.js';
import { readSettings } from './settings.js';

async function run(adapter = '', processes = 'one'): Promise<void> {
  if (!isAdapterName(adapter) || !['one', 'cluster'].includes(processes)) throw new Error('Usage: main.js express|fastify [cluster]');
  const settings = readSettings(process.env);
  if (processes === 'cluster' && cluster.isPrimary) return supervise(settings.WORKERS);
  if (processes === 'one' && settings.WORKERS !== 1) {
    throw new Error(`This server is one process: WORKERS must be 1, not ${settings.WORKERS}.`);
  }
  return serve(settings, adapter);
}

try {
  await run(...process.argv.slice(2));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
