import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ENVIRONMENT } from './running.js';

type Program = ChildProcessByStdio<null, Readable, Readable>;

function start(t: TestContext, path: string, argument: string, environment = {}, onLine: (lines: string[], program: Program) => void = () => undefined) {
  const program = spawn(process.execPath, [fileURLToPath(new URL(path, import.meta.url)), argument], {
    env: { ...process.env, ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => program.kill('SIGKILL'));
  const lines: string[] = [];
  for (const stream of [program.stdout, program.stderr]) createInterface(stream).on('line', (line) => lines.push(line));
  return { program, lines };
}

async function ended(program: Program): Promise<unknown> {
  const [status] = (await once(program, 'close')) as [number | null];
  return status;
}

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return String(port);
}

test('SIGTERM reaches every worker, and each finishes before the parent ends', async (t) => {
  const { program, lines } = start(t, 'supervised.js', 'run');
  program.stdout.on('data', () => {
    if (lines.length === 2) program.kill('SIGTERM');
  });
  assert.equal(await ended(program), 0);
  assert.deepEqual(lines.slice(0, 2).sort(), ['started 1', 'started 2']);
  assert.deepEqual(lines.slice(2), ['ended 1', 'ended 2']);
});

test('the end of one worker ends all, and is an error', async (t) => {
  const { program, lines } = start(t, 'supervised.js', 'fail');
  assert.equal(await ended(program), 3);
  assert.match(lines.join('\n'), /Worker \d+ ended: status 7\./);
});

test('without a database no server starts', async (t) => {
  for (const server of ['node', 'cluster']) {
    const { program, lines } = start(t, '../src/main.js', server);
    assert.equal(await ended(program), 1);
    assert.match(lines.join('\n'), /The database pool cannot be opened/);
  }
});

test('the node server is one process', async (t) => {
  const { program, lines } = start(t, '../src/main.js', 'node', { WORKERS: '2' });
  assert.equal(await ended(program), 1);
  assert.match(lines.join('\n'), /WORKERS must be 1/);
});

const { DATABASE_URL } = process.env;
const needsDatabase = { skip: DATABASE_URL === undefined && 'DATABASE_URL names no database' };

test('a server serves until SIGTERM, with kept-alive connections open', needsDatabase, async (t) => {
  for (const [server, WORKERS] of [
    ['node', '1'],
    ['cluster', '2'],
  ] as const) {
    const PORT = await freePort();
    const { program, lines } = start(t, '../src/main.js', server, { DATABASE_URL, PORT, WORKERS });
    const health = async (): Promise<number> => (await fetch(`http://127.0.0.1:${PORT}/health`)).status;
    const status = await until(health, program);
    assert.equal(status, 200, lines.join('\n'));
    const started = performance.now();
    program.kill('SIGTERM');
    assert.equal(await ended(program), 0, lines.join('\n'));
    assert.ok(performance.now() - started < 2000);
  }
});

/** What `ask` answers once it answers at all, while the program runs. */
async function until<Answer>(ask: () => Promise<Answer>, program: Program): Promise<Answer | undefined> {
  while (program.exitCode === null) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}
