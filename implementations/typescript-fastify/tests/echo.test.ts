import assert from 'node:assert/strict';
import test from 'node:test';

import { MAX_JSON_BYTES } from '../src/json.js';
import { assertProblem } from './problem.js';
import { startServer } from './running.js';

const ITEM = { id: 1, name: 'cup', price: 0.5, quantity: 3, tags: ['a', ''] };

function postEcho(url: string, body: BodyInit, type = 'application/json'): Promise<Response> {
  return fetch(`${url}/echo`, { method: 'POST', body, headers: { 'Content-Type': type } });
}

test('echo answers the items in order, with their count and total', async (t) => {
  const url = await startServer(t);
  const items = [ITEM, { ...ITEM, id: Number.MAX_SAFE_INTEGER, name: '😀'.repeat(200), price: 3, tags: [] }];
  const unknown = items.map((item) => ({ colour: null, ...item }));
  const response = await postEcho(url, JSON.stringify({ items: unknown, count: 9 }));
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { items, count: 2, total: 10.5 });

  const nothing = await postEcho(url, '{"items": [], "__proto__": {"a": 1}, "constructor": {"prototype": 1}}');
  assert.equal(await nothing.text(), '{"items":[],"count":0,"total":0}');
});

test('malformed JSON is told from invalid JSON', async (t) => {
  const url = await startServer(t);
  for (const malformed of ['', '{', '{"items":[],}', '{"items":[]} x', 'NaN', Buffer.from('{"items":[],"x":"\xff"}', 'latin1')]) {
    await assertProblem(await postEcho(url, malformed), 400);
  }
  for (const invalid of ['null', '7', '"text"', '[]']) {
    await assertProblem(await postEcho(url, invalid), 422, 'body');
  }
});

test('a body that is not declared as JSON is none', async (t) => {
  const url = await startServer(t);
  await assertProblem(await postEcho(url, '{"items":[]}', 'text/plain'), 400);
  await assertProblem(await fetch(`${url}/echo`, { method: 'POST' }), 400);
  assert.equal((await postEcho(url, '{"items":[]}', 'application/json; charset=utf-8')).status, 200);
});

test('every invalid field is named once', async (t) => {
  const url = await startServer(t);
  const invalid: [object, ...string[]][] = [
    [{}, 'items'],
    [{ items: null }, 'items'],
    [{ items: {} }, 'items'],
    [{ items: [null, 7] }, 'items.0', 'items.1'],
    [{ items: Array(1001).fill(7) }, 'items'],
    [{ items: [ITEM, { ...ITEM, id: '1', price: -0.1 }] }, 'items.1.id', 'items.1.price'],
    [{ items: [{ ...ITEM, id: 1.5 }] }, 'items.0.id'],
    [{ items: [{ ...ITEM, id: 2 ** 53 }] }, 'items.0.id'],
    [{ items: [{ ...ITEM, id: undefined }] }, 'items.0.id'],
    [{ items: [{ ...ITEM, name: '' }] }, 'items.0.name'],
    [{ items: [{ ...ITEM, name: 'é'.repeat(201) }] }, 'items.0.name'],
    [{ items: [{ ...ITEM, price: true }] }, 'items.0.price'],
    [{ items: [{ ...ITEM, quantity: null }] }, 'items.0.quantity'],
    [{ items: [{ ...ITEM, tags: 'a' }] }, 'items.0.tags'],
    [{ items: [{ ...ITEM, tags: Array(21).fill(7) }] }, 'items.0.tags'],
    [{ items: [{ ...ITEM, tags: ['a', 7] }] }, 'items.0.tags.1'],
  ];
  for (const [body, ...fields] of invalid) {
    await assertProblem(await postEcho(url, JSON.stringify(body)), 422, ...fields);
  }
  await assertProblem(await postEcho(url, JSON.stringify({ items: [ITEM] }).replace('0.5', '1e999')), 422, 'items.0.price');
});

test('a body of exactly the limit is read, and one byte more is refused', async (t) => {
  const url = await startServer(t);
  const whole = '{"items":[]}'.padEnd(MAX_JSON_BYTES);
  assert.equal((await postEcho(url, whole)).status, 200);
  await assertProblem(await postEcho(url, `${whole} `), 413);

  const chunked = new Blob([`${whole} `]).stream();
  const request = { method: 'POST', body: chunked, duplex: 'half', headers: { 'Content-Type': 'application/json' } } as const;
  await assertProblem(await fetch(`${url}/echo`, request), 413);
});
