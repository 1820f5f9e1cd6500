import assert from 'node:assert/strict';
import { test } from 'node:test';

import { number, text } from '../lib/settings.js';

test('a variable is read as text or as a number', () => {
  assert.equal(text('SEED', { SEED: '0012' }, 1), '0012');
  assert.equal(number('LIST_SHARE', { LIST_SHARE: '0.25' }, 1), 0.25);
});

test('a missing variable stops a VU before its first request', () => {
  assert.throws(() => text('BASE_URL', {}, 1), /BASE_URL is not set/);
  assert.throws(() => number('ITEMS', { ITEMS: '' }, 1), /ITEMS is not set/);
});

test('a missing variable does not stop an archive', () => {
  assert.equal(text('BASE_URL', {}, 0), '');
  assert.equal(number('ITEMS', {}, 0), 0);
});

test('text where a number belongs is refused', () => {
  assert.throws(() => number('ITEMS', { ITEMS: 'many' }, 1), /ITEMS is "many", which is not a number/);
});
