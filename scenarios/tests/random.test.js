import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hash, mulberry32 } from '../lib/random.js';

test('hash is FNV-1a', () => {
  assert.equal(hash(''), 0x811c9dc5);
  assert.equal(hash('a'), 0xe40c292c);
  assert.equal(hash('foobar'), 0xbf9cf968);
});

test('mulberry32 draws the published sequence', () => {
  const random = mulberry32(0);
  assert.deepEqual(
    [random(), random(), random()],
    [1144304738, 1416247, 958946056].map((drawn) => drawn / 2 ** 32),
  );
});

test('the numbers of one seed spread evenly from 0 to 1', () => {
  const random = mulberry32(hash('20261122/1'));
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i += 1) {
    tenths[Math.floor(random() * 10)] += 1;
  }
  assert.ok(tenths.every((drawn) => drawn > 9_600 && drawn < 10_400));
});

test('neighbouring VUs draw different numbers', () => {
  const first = Array.from({ length: 1000 }, (_, vu) => mulberry32(hash(`1/${vu}`))());
  assert.equal(new Set(first).size, 1000);
});
