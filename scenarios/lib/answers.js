/** Says whether an answer is the right one for its request; an answer of another shape may throw, which means no. */

/** Users that spec/database/seed.sql inserts, with ids from 1. */
export const SEEDED_USERS = 10_000;

const FIRST_CREATED_AT_MS = Date.UTC(2026, 0, 1);

/** @typedef {import('./items.js').Item} Item */
/** @typedef {{ id: number, email: string, name: string, age: number, active: boolean, created_at: string }} User */

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
    user.email === `user${id}@example.com` &&
    typeof user.name === 'string' &&
    user.name !== '' &&
    user.age === 18 + ((id * 7919) % 70) &&
    user.active === (id % 5 !== 0) &&
    Date.parse(user.created_at) === FIRST_CREATED_AT_MS + id * 61_000
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
