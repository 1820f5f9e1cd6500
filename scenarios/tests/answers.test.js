import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  isCreatedUser,
  isEcho,
  isExternal,
  isHealthy,
  isProtected,
  isReplacedUser,
  isSeededUser,
  seededPage,
  uploaded,
} from '../lib/answers.js';
import { echoBody } from '../lib/items.js';
import { mulberry32 } from '../lib/random.js';
import { SEEDED_USERS, newUser, replacement } from '../lib/users.js';

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

test('a created user repeats what was sent, with an id after the seeded ones and the time of its creation', () => {
  const body = newUser(mulberry32(1), 'measure-0.1.1');
  const sent = /** @type {import('../lib/users.js').UserInput} */ (JSON.parse(body));
  const user = { ...sent, id: SEEDED_USERS + 1, created_at: '2026-11-22T08:00:00.123456Z' };
  assert.equal(isCreatedUser(user, body), true);
  for (const [member, value] of Object.entries({ id: 1, email: 'x', name: '', age: -1, active: !sent.active, created_at: 'now' })) {
    assert.equal(isCreatedUser({ ...user, [member]: value }, body), false, member);
  }
});

test('a replaced user has the name that was sent and keeps all that was seeded', () => {
  const body = replacement(mulberry32(1), 5);
  const { name } = /** @type {import('../lib/users.js').UserInput} */ (JSON.parse(body));
  const user = { ...seededUser(5), name };
  assert.equal(isReplacedUser(user, body), true);
  assert.equal(isReplacedUser(seededUser(5), body), false);
  assert.equal(isReplacedUser({ ...seededUser(6), name }, body), false);
  assert.equal(isReplacedUser({ ...user, id: 6 }, body), false);
});

test('a replaced user still is the seeded one to who reads it', () => {
  const sent = /** @type {import('../lib/users.js').UserInput} */ (JSON.parse(replacement(mulberry32(1), 5)));
  assert.equal(isSeededUser({ ...seededUser(5), ...sent }, 5), true);
});

test('an external answer has the key that was sent and a value of the upstream', () => {
  assert.equal(isExternal({ key: 'key-1', value: '0123456789abcdef' }, 'key-1'), true);
  assert.equal(isExternal({ key: 'key-2', value: '0123456789abcdef' }, 'key-1'), false);
  assert.equal(isExternal({ key: 'key-1', value: '0123456789abcdef0' }, 'key-1'), false);
});

test('a protected answer repeats what was asked and lists its middlewares from the outermost', () => {
  const asked = { subject: 'user-1', q: 'x', page: 7, request_id: 'measure-0.1.1' };
  assert.equal(isProtected({ ...asked, middlewares: [] }, asked), true);
  assert.equal(isProtected({ ...asked, middlewares: [1, 2, 3] }, asked), true);
  for (const middlewares of [[2, 1], [0], [1, 3]]) {
    assert.equal(isProtected({ ...asked, middlewares }, asked), false, String(middlewares));
  }
  for (const member of Object.keys(asked)) {
    assert.equal(isProtected({ ...asked, [member]: 'other', middlewares: [] }, asked), false, member);
  }
});

test('an upload answers the size and the digest of its file', () => {
  const isRight = uploaded(1024);
  assert.equal(isRight({ size: 1024, sha256: 'ab' }, 'ab'), true);
  assert.equal(isRight({ size: 1025, sha256: 'ab' }, 'ab'), false);
  assert.equal(isRight({ size: 1024, sha256: 'ac' }, 'ab'), false);
});
