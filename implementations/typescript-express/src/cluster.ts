/** The cluster's parent, which serves nothing itself, and its agreement with the workers on when to start. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';

import { SHUTDOWN_TIMEOUT_MS, terminated } from './shutdown.js';

/**
 * Runs this program again as `count` workers until SIGTERM, which it passes on. A worker that ends before ends the
 * others and is an error: none is restarted silently. Connections are handed out in Node's default way, round-robin.
 */
export async function supervise(count: number): Promise<void> {
  const workers = Array.from({ length: count }, () => cluster.fork());
  let ready = 0;
  cluster.on('message', () => {
    ready += 1;
    if (ready === count) for (const worker of workers) worker.send('listen');
  });

  const signal = (name: NodeJS.Signals): void => {
    for (const worker of workers) worker.process.kill(name);
  };
  let ending = false;
  const end = (): void => {
    ending = true;
    signal('SIGTERM');
    setTimeout(signal, SHUTDOWN_TIMEOUT_MS, 'SIGKILL').unref();
  };
  void terminated().then(end);

  const failures: string[] = [];
  const watch = async (worker: Worker): Promise<void> => {
    const [status, killedBy] = (await once(worker, 'exit')) as [number | null, NodeJS.Signals | null];
    // A worker that was still starting has no handler for SIGTERM.
    if (ending && (status === 0 || killedBy === 'SIGTERM')) return;
    failures.push(`Worker ${worker.process.pid ?? '?'} ended: ${killedBy ?? `status ${status ?? '?'}`}.`);
    if (!ending) end();
  };
  await Promise.all(workers.map(watch));
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

/** In a worker, waits until all of them can serve: the first to listen would get the first connections alone. */
export async function othersReady(): Promise<void> {
  if (cluster.isPrimary) return;
  process.send?.('ready');
  await once(process, 'message');
}
