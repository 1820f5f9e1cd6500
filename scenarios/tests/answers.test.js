import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SEEDED_USERS, isEcho, isHealthy, isSeededUser, seededPage } from '../lib/answers.js';
import { echoBody } from '../lib/items.js';
import { mulberry32 } from '../lib/random.js';

/** @param {number} id */
function seededUser(id) {
  return {
    id,
    email: `user${id}@example.com`,
    name: 'C4ca4238 A0b923820d',
    age: 18 + ((id * 7919) % 70),
    active: id % 5 !== 0,
    created_at: new Date(Date.UTC(2026, 0, 1) + id * 61_000).toISOString(),
  };
}

/** @param {string} body */
function echo(body) {
  const { items } = /** @type {{ items: import('../lib/items.js').Item[] }} */ (JSON.parse(body));
  return { items, count: items.length, total: items.reduce((sum, { price, quantity }) => sum + price * quantity, 0) };
}

test('only the status ok is healthy', () => {
  assert.equal(isHealthy({ status: 'ok' }), true);
  assert.equal(isHealthy({ status: 'starting' }), false);
});

test('an echo repeats every member of every item and adds count and total', () => {
  const body = echoBody(mulberry32(1), 20);
  assert.equal(isEcho(echo(body), body), true);
  assert.equal(isEcho({ ...echo(body), count: 19 }, body), false);
  assert.equal(isEcho({ ...echo(body), total: echo(body).total * (1 + 1e-10) }, body), true);
  assert.equal(isEcho({ ...echo(body), total: echo(body).total * (1 + 1e-8) }, body), false);
  assert.equal(isEcho({ ...echo(body), items: echo(body).items.slice(1) }, body), false);
  for (const [member, value] of Object.entries({ id: -1, name: '', price: -1, quantity: -1, tags: [] })) {
    const { items, ...rest } = echo(body);
    items[7] = { ...items[7], [member]: value };
    assert.equal(isEcho({ items, ...rest }, body), false, member);
  }
});

test('an echo of no items has count and total zero', () => {
  const body = echoBody(mulberry32(1), 0);
  assert.equal(isEcho({ items: [], count: 0, total: 0 }, body), true);
  assert.equal(isEcho({ items: [], count: 0, total: 1 }, body), false);
});

test('a body of echo items fits the schema of the API', () => {
  const { items } = echo(echoBody(mulberry32(3), 1000));
  assert.equal(items.length, 1000);
  for (const { id, name, price, quantity, tags } of items) {
    assert.ok(Number.isSafeInteger(id) && id >= 0);
    assert.ok(name.length >= 1 && name.length <= 200);
    assert.ok(price >= 0 && price <= 1_000_000);
    assert.ok(Number.isInteger(quantity) && quantity >= 0 && quantity <= 1_000_000);
    assert.ok(tags.length <= 20 && tags.every((tag) => tag.length <= 50));
  }
});

test('a seeded user has the fields that follow from its id', () => {
  assert.equal(isSeededUser(seededUser(5), 5), true);
  assert.equal(isSeededUser(seededUser(6), 5), false);
  for (const [member, value] of Object.entries({ email: 'x', name: '', age: 17, active: true, created_at: '2026-01-01T00:05:04Z' })) {
    assert.equal(isSeededUser({ ...seededUser(5), [member]: value }, 5), false, member);
  }
});

test('the time of a seeded user may have any offset and microseconds', () => {
  assert.equal(isSeededUser({ ...seededUser(1), created_at: '2026-01-01T01:01:01.000000+01:00' }, 1), true);
});

test('a page of seeded users is whole, in order and repeats what was asked', () => {
  const offset = SEEDED_USERS - 3;
  const page = { limit: 3, offset, items: [1, 2, 3].map((i) => seededUser(offset + i)) };
  const isPage = seededPage(3);
  assert.equal(isPage(page, offset), true);
  assert.equal(isPage({ ...page, items: page.items.slice(1) }, offset), false);
  assert.equal(isPage({ ...page, items: page.items.toReversed() }, offset), false);
  assert.equal(isPage({ ...page, limit: 4 }, offset), false);
  assert.equal(isPage(page, offset - 1), false);
});
