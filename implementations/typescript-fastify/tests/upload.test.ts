import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';

import { MAX_FILE_BYTES } from '../src/upload.js';
import { assertProblem } from './problem.js';
import { startServer } from './running.js';

const OPENING = '--line\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
const CLOSING = '\r\n--line--\r\n';
const OTHER = '--line\r\nContent-Disposition: form-data; name="other"\r\n\r\nignored\r\n';

function postUpload(url: string, body: BodyInit, type = 'multipart/form-data; boundary=line'): Promise<Response> {
  const request = { method: 'POST', body, duplex: 'half', headers: { 'Content-Type': type } };
  return fetch(`${url}/upload`, request);
}

/** A file of so many zeros, sent in chunks. */
function zeros(size: number, opening = OPENING): ReadableStream<Uint8Array> {
  const mebibyte = new Uint8Array(1_048_576);
  let left = size;
  return new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(OTHER + opening));
    },
    pull(controller) {
      if (left > 0) {
        controller.enqueue(mebibyte.subarray(0, left));
        left -= mebibyte.length;
      } else {
        controller.enqueue(Buffer.from(CLOSING));
        controller.close();
      }
    },
  });
}

test('upload answers size and digest of the first part named file, and ignores the others', async (t) => {
  const url = await startServer(t);
  for (const content of ['', 'x', '\r\n--lin'.repeat(50_000), '\r'.repeat(100)]) {
    const second = content + CLOSING.slice(0, -4) + OPENING.slice('--line'.length) + 'second';
    for (const body of [OTHER + OPENING + content + CLOSING, OPENING + second + CLOSING]) {
      const response = await postUpload(url, body);
      assert.deepEqual(await response.json(), { size: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    }
  }
});

test('a file of exactly the limit is read, with a name or without, and one byte more is refused', async (t) => {
  const url = await startServer(t);
  for (const opening of [OPENING, OPENING.replace('; filename="f"', '')]) {
    const response = await postUpload(url, zeros(MAX_FILE_BYTES, opening));
    assert.equal(((await response.json()) as { size: number }).size, MAX_FILE_BYTES);
    await assertProblem(await postUpload(url, zeros(MAX_FILE_BYTES + 1, opening)), 413);
  }
});

test('another media type is unsupported', async (t) => {
  const url = await startServer(t);
  for (const type of ['application/json', 'multipart/mixed; boundary=line', 'application/octet-stream']) {
    await assertProblem(await postUpload(url, OPENING + CLOSING, type), 415);
  }
  await assertProblem(await fetch(`${url}/upload`, { method: 'POST' }), 415);
});

test('a body that breaks off anywhere is a bad request', async (t) => {
  const url = await startServer(t);
  const whole = `${OTHER}${OPENING}content${CLOSING}`;
  for (let end = 0; end < whole.length - '\r\n'.length; end += 1) {
    await assertProblem(await postUpload(url, whole.slice(0, end)), 400);
  }
});

test('a body without its boundary is a bad request', async (t) => {
  const url = await startServer(t);
  await assertProblem(await postUpload(url, 'no boundary at all'), 400);
  await assertProblem(await postUpload(url, OPENING + CLOSING, 'multipart/form-data; boundary=other'), 400);
  await assertProblem(await postUpload(url, OPENING + CLOSING, 'multipart/form-data'), 400);
});

test('a body without a part named file does not fit', async (t) => {
  await assertProblem(await postUpload(await startServer(t), OTHER + CLOSING.slice(2)), 422, 'file');
});
