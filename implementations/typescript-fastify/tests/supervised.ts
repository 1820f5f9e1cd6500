/** A parent with two workers that say when they start and end; `fail` has the first of them end by itself. */
import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';

import { supervise } from '../src/cluster.js';
import { terminated } from '../src/shutdown.js';

if (cluster.isPrimary) {
  await supervise(2).catch((error: unknown) => {
    console.log(String(error));
    process.exitCode = 3;
  });
} else {
  const id = cluster.worker?.id ?? 0;
  const end = terminated();
  console.log(`started ${id}`);
  if (process.argv[2] === 'fail' && id === 1) process.exit(7);
  const idle = setInterval(() => undefined, 1000);
  await end;
  await sleep(100 * id);
  console.log(`ended ${id}`);
  clearInterval(idle);
  process.exit(0);
}
