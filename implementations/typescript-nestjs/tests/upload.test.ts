import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FILE_LIMIT_BYTES } from '../src/upload/digest.js';
import { ADAPTERS, assertJson, assertProblem, startServer } from './server.js';

const BOUNDARY = 'tests-7d1f4c';
const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

const part = (disposition: string): string => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`;
const HEAD = `${part('name="before"')}ignored\r\n${part('name="attachment"; filename="other.bin"')}ignored\r\n`;
const TAIL = `\r\n${part('name="after"')}ignored\r\n--${BOUNDARY}--\r\n`;

function form(content: string | Buffer, disposition = 'name="file"; filename="data.bin"'): Buffer {
  return Buffer.concat([Buffer.from(HEAD + part(disposition)), Buffer.from(content), Buffer.from(TAIL)]);
}

/** A form whose file is so many zeros. */
function* zeros(size: number): Generator<Buffer> {
  yield Buffer.from(part('name="file"'));
  const block = Buffer.alloc(1_048_576);
  for (let left = size; left > 0; left -= block.length) yield block.subarray(0, left);
  yield Buffer.from(TAIL);
}

for (const adapter of ADAPTERS) {
  describe(`POST /upload on ${adapter}`, async () => {
    const server = await startServer(adapter);
    const send = (body: RequestInit['body'], contentType = MULTIPART): Promise<Response> =>
      server.call('/upload', {
        method: 'POST',
        headers: { 'Content-Type': contentType },
        duplex: 'half',
        ...(body !== undefined && { body }),
      });

    it('answers size and digest of the part named file, with and without a file name', async () => {
      for (const content of ['', 'x', `\r\n--${BOUNDARY.slice(0, -1)}\r\n--`.repeat(30_000), Buffer.alloc(300_000, 0xff)]) {
        const expected = { size: Buffer.byteLength(content), sha256: createHash('sha256').update(content).digest('hex') };
        await assertJson(await send(form(content)), 200, expected);
        await assertJson(await send(form(content, 'name="file"')), 200, expected);
      }
    });

    it('tells what is wrong with a body', async () => {
      const whole = form('content');
      for (const kind of ['application/json', 'application/octet-stream', 'multipart/mixed; boundary=b', '']) {
        await assertProblem(await send(whole, kind), 415, [], kind);
      }
      await assertProblem(await send(whole, 'multipart/form-data'), 400);
      await assertProblem(await send(''), 400);
      await assertProblem(await send('no boundary at all'), 400);
      await assertProblem(await send(form('content', 'name="another"; filename="file"')), 422, ['file']);
    });

    it('refuses a body that breaks off, wherever it does', async () => {
      const whole = form('content');
      const end = whole.length - '--\r\n'.length;
      for (let length = 0; length <= end; length += 1)
        await assertProblem(await send(whole.subarray(0, length)), 400, [], `${length} bytes`);
    });

    it('limits the file to 100 MiB', async () => {
      const fitting = await send(ReadableStream.from(zeros(FILE_LIMIT_BYTES)));
      const { size } = (await fitting.json()) as { size: number };
      assert.equal(size, FILE_LIMIT_BYTES);
      await assertProblem(await send(ReadableStream.from(zeros(FILE_LIMIT_BYTES + 1))), 413);
    });

    it('outlives a client that goes away', async () => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.write(
        `POST /upload HTTP/1.1\r\nHost: test\r\nContent-Type: ${MULTIPART}\r\nContent-Length: 999\r\n\r\n${part('name="file"')}con`,
      );
      await sleep(50);
      socket.destroy();
      await sleep(50);
      await assertJson(await server.call('/health'), 200, { status: 'ok' });
    });
  });
}
