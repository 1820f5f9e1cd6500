import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CONTENT_TYPE, FILE_START, drawBlock, multipartBody } from '../lib/multipart.js';
import { mulberry32 } from '../lib/random.js';

test('a body is a form whose file repeats the block', async () => {
  const block = drawBlock(mulberry32(1));
  const form = await new Response(multipartBody(block, 3), { headers: { 'Content-Type': CONTENT_TYPE } }).formData();
  const file = form.get('file');
  assert.ok(file instanceof File);
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), Buffer.concat([block, block, block]));
});

test('a file can be changed where it starts', async () => {
  const body = multipartBody(Uint8Array.of(1, 2, 3), 2);
  body[FILE_START] = 9;
  const form = await new Response(body, { headers: { 'Content-Type': CONTENT_TYPE } }).formData();
  const file = form.get('file');
  assert.ok(file instanceof File);
  assert.deepEqual([...new Uint8Array(await file.arrayBuffer())], [9, 2, 3, 1, 2, 3]);
});

test('a block is 1 MiB that follows from its seed', () => {
  const block = drawBlock(mulberry32(1));
  assert.equal(block.length, 1024 * 1024);
  assert.deepEqual(block.subarray(0x1000), block.subarray(0, -0x1000));
  assert.ok(Buffer.from(block).equals(drawBlock(mulberry32(1))));
  assert.ok(!Buffer.from(block).equals(drawBlock(mulberry32(2))));
});
