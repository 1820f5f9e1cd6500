import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ENVIRONMENT } from './running.js';

type Running = { program: ChildProcess; lines: string[]; ended: Promise<number | null> };

function start(t: TestContext, path: string, argument: string, environment = {}): Running {
  const program = spawn(process.execPath, [fileURLToPath(new URL(path, import.meta.url)), argument], {
    env: { ...process.env, ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => program.kill('SIGKILL'));
  const lines: string[] = [];
  for (const stream of [program.stdout, program.stderr]) createInterface(stream).on('line', (line) => lines.push(line));
  const ended = once(program, 'close').then(([status]) => status as number | null);
  return { program, lines, ended };
}

/** Waits until a condition holds or the program ends. */
async function until(program: ChildProcess, holds: () => boolean | Promise<boolean>): Promise<void> {
  while (program.exitCode === null && !(await holds())) await sleep(20);
}

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return String(port);
}

test('SIGTERM reaches every worker, and each finishes before the parent ends', async (t) => {
  const { program, lines, ended } = start(t, 'supervised.js', 'run');
  await until(program, () => lines.length === 2);
  program.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.deepEqual(lines.slice(0, 2).sort(), ['started 1', 'started 2']);
  assert.deepEqual(lines.slice(2), ['ended 1', 'ended 2']);
});

test('the end of one worker ends all, and is an error', async (t) => {
  const { lines, ended } = start(t, 'supervised.js', 'fail');
  assert.equal(await ended, 3);
  assert.match(lines.join('\n'), /Worker \d+ ended: status 7\./);
});

test('without a database no server starts', async (t) => {
  for (const server of ['node', 'cluster']) {
    const { lines, ended } = start(t, '../src/main.js', server);
    assert.equal(await ended, 1);
    assert.match(lines.join('\n'), /The database pool cannot be opened/);
  }
});

test('the node server is one process', async (t) => {
  const { lines, ended } = start(t, '../src/main.js', 'node', { WORKERS: '2' });
  assert.equal(await ended, 1);
  assert.match(lines.join('\n'), /WORKERS must be 1/);
});

const { DATABASE_URL } = process.env;
const needsDatabase = { skip: DATABASE_URL === undefined && 'DATABASE_URL names no database' };

test('a server ends soon after SIGTERM, with kept-alive connections open', needsDatabase, async (t) => {
  for (const [server, WORKERS] of Object.entries({ node: '1', cluster: '2' })) {
    const PORT = await freePort();
    const { program, lines, ended } = start(t, '../src/main.js', server, { DATABASE_URL, PORT, WORKERS });
    const isHealthy = () =>
      fetch(`http://127.0.0.1:${PORT}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(program, isHealthy);
    const asked = performance.now();
    program.kill('SIGTERM');
    assert.equal(await ended, 0, lines.join('\n'));
    assert.ok(performance.now() - asked < 2000);
  }
});
