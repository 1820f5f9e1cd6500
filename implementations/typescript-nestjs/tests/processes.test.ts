import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

const DATABASE_URL = process.env.DATABASE_URL;
const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

type Program = { child: ChildProcess; url: string; ended: Promise<number | null>; stderr: () => string };

async function start(server: string[], environment: Record<string, string> = {}): Promise<Program> {
  const port = await freePort();
  const settings = {
    HOST: '127.0.0.1',
    PORT: String(port),
    WORKERS: '1',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
    DB_POOL_TOTAL: '4',
    UPSTREAM_URL: 'http://127.0.0.1:1',
    JWT_SECRET: 'secret',
    JWT_AUDIENCE: 'tests',
    ...environment,
  };
  const child = spawn(process.execPath, [MAIN, ...server], { env: settings, stdio: ['ignore', 'inherit', 'pipe'] });
  after(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([status]) => status as number | null);
  return { child, url: `http://127.0.0.1:${port}`, ended, stderr: () => stderr };
}

async function ready({ url, child, stderr }: Program): Promise<void> {
  for (;;) {
    const health = await fetch(`${url}/health`).catch(() => undefined);
    if (health?.ok) return;
    assert.equal(child.exitCode, null, stderr());
    await sleep(20);
  }
}

describe('A server', () => {
  it('ends with an error without a database', async () => {
    for (const server of [['express'], ['fastify'], ['express', 'cluster']]) {
      const program = await start(server);
      assert.equal(await program.ended, 1);
      assert.match(program.stderr(), /ECONNREFUSED/);
    }
  });

  it('of one process refuses to be several, and an unknown one to be at all', async () => {
    const several = await start(['fastify'], { WORKERS: '2' });
    assert.equal(await several.ended, 1);
    assert.match(several.stderr(), /WORKERS must be 1, not 2/);
    const unknown = await start(['koa']);
    assert.equal(await unknown.ended, 1);
    assert.match(unknown.stderr(), /Usage/);
  });
});

describe('A server over PostgreSQL', { skip: DATABASE_URL ? false : 'DATABASE_URL names no database' }, () => {
  const database = { DATABASE_URL: DATABASE_URL ?? '' };

  for (const server of [['express'], ['fastify'], ['express', 'cluster'], ['fastify', 'cluster']]) {
    it(`finishes its answers on SIGTERM: ${server.join(' ')}`, async () => {
      const upstream = createHttpServer((_request, response) => {
        program.child.kill('SIGTERM');
        setTimeout(() => response.end('{"value":"late"}'), 300);
      });
      upstream.listen(0, '127.0.0.1');
      await once(upstream, 'listening');
      after(() => upstream.close());
      const { port } = upstream.address() as AddressInfo;
      const program = await start(server, {
        ...database,
        WORKERS: server.length === 1 ? '1' : '2',
        UPSTREAM_URL: `http://127.0.0.1:${port}`,
      });
      await ready(program);

      const answer = await fetch(`${program.url}/external?key=k`);
      assert.deepEqual(await answer.json(), { key: 'k', value: 'late' });
      assert.equal(await program.ended, 0, program.stderr());
    });
  }

  it('answers once all of its workers can', async () => {
    const url = new URL(database.DATABASE_URL);
    url.searchParams.set('application_name', 'cluster of three');
    const program = await start(['express', 'cluster'], { DATABASE_URL: url.href, DB_POOL_TOTAL: '6', WORKERS: '3' });
    await ready(program);
    const client = new Client(database.DATABASE_URL);
    await client.connect();
    const { rowCount } = await client.query("SELECT FROM pg_stat_activity WHERE application_name = 'cluster of three'");
    await client.end();
    assert.equal(rowCount, 6);
    program.child.kill('SIGTERM');
    assert.equal(await program.ended, 0, program.stderr());
  });

  it('ends with an error when one of its workers does', async () => {
    const program = await start(['fastify', 'cluster'], { ...database, WORKERS: '2' });
    await ready(program);
    const children = spawn('pgrep', ['-P', String(program.child.pid)]);
    const [output] = (await once(children.stdout, 'data')) as [Buffer];
    const workers = output.toString().trim().split('\n').map(Number);
    assert.equal(workers.length, 2);
    process.kill(workers[0] ?? 0, 'SIGKILL');
    assert.equal(await program.ended, 1);
    assert.match(program.stderr(), /ended with SIGKILL/);
  });
});
