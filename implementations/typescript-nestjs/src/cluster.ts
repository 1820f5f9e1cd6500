/** The cluster's parent, which answers nothing itself, and its agreement with the workers on when to listen. */

import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { GRACE_MS, terminated } from './shutdown.js';

const KILL_AFTER_MS = GRACE_MS + 500;

/**
 * Runs this program again as so many workers until SIGTERM, which it passes on. A worker that ends before ends the
 * others, and is an error: none is started anew. Connections are handed out in Node's default way, round-robin.
 */
export async function supervise(count: number): Promise<void> {
  let ending = false;
  const workers = Array.from({ length: count }, () => cluster.fork());
  let ready = 0;
  cluster.on('message', () => {
    ready += 1;
    if (ready === count) for (const worker of workers) worker.send('listen');
  });

  const kill = (signal: NodeJS.Signals): void => {
    for (const worker of workers) worker.process.kill(signal);
  };
  const end = (): void => {
    if (ending) return;
    ending = true;
    kill('SIGTERM');
    setTimeout(kill, KILL_AFTER_MS, 'SIGKILL').unref();
  };
  void terminated().then(end);

  const failures: string[] = [];
  const watch = async (worker: Worker): Promise<void> => {
    const [status, signal] = (await once(worker, 'exit')) as [status: number | null, signal: NodeJS.Signals | null];
    // A worker that is still starting dies of SIGTERM.
    if (ending && (status === 0 || signal === 'SIGTERM')) return;
    failures.push(`Worker ${String(worker.process.pid)} ended with ${signal ?? `status ${String(status)}`}.`);
    end();
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
