import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mulberry32 } from '../lib/random.js';
import { SEEDED_USERS, newUser, replacement } from '../lib/users.js';

/** @param {string} body */
function parsed(body) {
  /** @type {import('../lib/users.js').UserInput} */
  const user = JSON.parse(body);
  return user;
}

test('a body that writes a user fits the schema of the API', () => {
  const random = mulberry32(1);
  const bodies = Array.from({ length: 1000 }, (_, i) => [newUser(random, `measure-0.1.${i}`), replacement(random, i + 1)]).flat();
  for (const { email, name, age, active, ...rest } of bodies.map(parsed)) {
    assert.match(email, /^[^@\s]+@[^@\s]+$/);
    assert.ok(email.length <= 254);
    assert.ok(name.length >= 1 && name.length <= 100);
    assert.ok(Number.isInteger(age) && age >= 0 && age <= 150);
    assert.equal(typeof active, 'boolean');
    assert.deepEqual(rest, {});
  }
});

test('new users of the same chance have emails of their own', () => {
  const emails = ['warmup.1.1', 'measure-0.1.1', 'measure-1.1.1', 'measure-0.1.11', 'measure-0.11.1'].map(
    (unique) => parsed(newUser(mulberry32(1), unique)).email,
  );
  assert.equal(new Set(emails).size, emails.length);
});

test('a new user takes no email of a seeded one', () => {
  const { email } = parsed(newUser(mulberry32(1), 'measure-0.1.1'));
  assert.doesNotMatch(email, /^user\d+@/);
});

test('a replacement renames a user and keeps its seeded email', () => {
  const random = mulberry32(1);
  const [first, second] = [replacement(random, SEEDED_USERS), replacement(random, SEEDED_USERS)].map(parsed);
  assert.equal(first.email, `user${SEEDED_USERS}@example.com`);
  assert.notEqual(first.name, second.name);
  assert.deepEqual({ ...first, name: '' }, { ...second, name: '' });
});
