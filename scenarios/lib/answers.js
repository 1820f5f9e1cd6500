/** Says whether an answer is the right one for its request; an answer of another shape may throw, which means no. */

import { SEEDED_USERS, isSeededActive, seededAge, seededCreatedAtMs, seededEmail } from './users.js';

/** @typedef {import('./items.js').Item} Item */
/** @typedef {import('./users.js').User} User */
/** @typedef {import('./users.js').UserInput} UserInput */
/** @typedef {{ subject: string, q: string, page: number, request_id: string }} Asked */

/**
 * @param {{ status: string }} answer
 * @returns {boolean}
 */
export function isHealthy(answer) {
  return answer.status === 'ok';
}

/**
 * @param {Item} answered
 * @param {Item} sent
 * @returns {boolean}
 */
function isSameItem(answered, sent) {
  return (
    answered.id === sent.id &&
    answered.name === sent.name &&
    answered.price === sent.price &&
    answered.quantity === sent.quantity &&
    answered.tags.length === sent.tags.length &&
    answered.tags.every((tag, i) => tag === sent.tags[i])
  );
}

/**
 * @param {{ items: Item[], count: number, total: number }} answer
 * @param {string} body that was sent
 * @returns {boolean}
 */
export function isEcho(answer, body) {
  /** @type {{ items: Item[] }} */
  const { items } = JSON.parse(body);
  const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return (
    answer.count === items.length &&
    Math.abs(answer.total - total) <= 1e-9 * total &&
    answer.items.length === items.length &&
    items.every((sent, i) => isSameItem(answer.items[i], sent))
  );
}

/**
 * The fields follow from the id as spec/database/seed.sql writes them; the name, a digest there, only has to be some text.
 *
 * @param {User} user
 * @param {number} id
 * @returns {boolean}
 */
export function isSeededUser(user, id) {
  return (
    user.id === id &&
    user.email === seededEmail(id) &&
    typeof user.name === 'string' &&
    user.name !== '' &&
    user.age === seededAge(id) &&
    user.active === isSeededActive(id) &&
    Date.parse(user.created_at) === seededCreatedAtMs(id)
  );
}

/**
 * @param {number} limit
 * @returns {(page: { items: User[], limit: number, offset: number }, offset: number) => boolean} for a page that ends within the seeded users
 */
export function seededPage(limit) {
  return (page, offset) =>
    page.limit === limit &&
    page.offset === offset &&
    page.items.length === limit &&
    page.items.every((user, i) => isSeededUser(user, offset + 1 + i));
}

/**
 * @param {User} user
 * @param {string} body that was sent
 * @returns {boolean}
 */
export function isCreatedUser(user, body) {
  /** @type {UserInput} */
  const { email, name, age, active } = JSON.parse(body);
  return (
    user.id > SEEDED_USERS &&
    user.email === email &&
    user.name === name &&
    user.age === age &&
    user.active === active &&
    !Number.isNaN(Date.parse(user.created_at))
  );
}

/**
 * @param {User} user
 * @param {string} body that was sent, for a seeded user
 * @returns {boolean}
 */
export function isReplacedUser(user, body) {
  /** @type {UserInput} */
  const { email, name } = JSON.parse(body);
  return user.email === email && user.name === name && isSeededUser(user, user.id);
}

/**
 * @param {{ key: string, value: string }} answer whose value is the upstream's, 16 hexadecimal digits
 * @param {string} key that was sent
 * @returns {boolean}
 */
export function isExternal(answer, key) {
  return answer.key === key && /^[0-9a-f]{16}$/.test(answer.value);
}

/**
 * @param {Asked & { middlewares: number[] }} answer
 * @param {Asked} asked
 * @returns {boolean} whether it repeats what was asked and passed its middlewares, however many, in order
 */
export function isProtected(answer, asked) {
  return (
    answer.subject === asked.subject &&
    answer.q === asked.q &&
    answer.page === asked.page &&
    answer.request_id === asked.request_id &&
    answer.middlewares.every((position, i) => position === i + 1)
  );
}

/**
 * @param {number} size of the file in bytes
 * @returns {(answer: { size: number, sha256: string }, sha256: string) => boolean}
 */
export function uploaded(size) {
  return (answer, sha256) => answer.size === size && answer.sha256 === sha256;
}
