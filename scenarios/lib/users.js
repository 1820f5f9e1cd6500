/** Knows the users that spec/database/seed.sql inserts, and makes the request bodies that write users. */

/** Seeded users, with ids from 1. */
export const SEEDED_USERS = 10_000;

/** @typedef {{ email: string, name: string, age: number, active: boolean }} UserInput */
/** @typedef {UserInput & { id: number, created_at: string }} User */

/** @param {number} id */
export function seededEmail(id) {
  return `user${id}@example.com`;
}

/** @param {number} id */
export function seededAge(id) {
  return 18 + ((id * 7919) % 70);
}

/** @param {number} id */
export function isSeededActive(id) {
  return id % 5 !== 0;
}

/** @param {number} id */
export function seededCreatedAtMs(id) {
  return Date.UTC(2026, 0, 1) + id * 61_000;
}

/**
 * A template and not JSON.stringify, which takes k6 twice as long.
 *
 * @param {string} email
 * @param {string} name without a character that JSON escapes
 * @param {number} age
 * @param {boolean} active
 */
function userInput(email, name, age, active) {
  return `{"email":"${email}","name":"${name}","age":${age},"active":${active ? 'true' : 'false'}}`;
}

/**
 * The email begins with chance, so that its index is written to all over, as with the emails of people.
 *
 * @param {() => number} random draws from 0 to 1
 * @param {string} unique what no other new user of this database gets
 * @returns {string} a UserInput as JSON
 */
export function newUser(random, unique) {
  const drawn = Math.floor(random() * 0x100000000);
  const digits = drawn.toString(36);
  return userInput(`${digits}.${unique}@example.com`, `user ${digits}`, drawn % 100, drawn % 2 === 0);
}

/**
 * Only the name is new. So no other user has the email, and whoever reads the user finds the seeded fields.
 *
 * @param {() => number} random draws from 0 to 1
 * @param {number} id of a seeded user
 * @returns {string} a UserInput as JSON
 */
export function replacement(random, id) {
  const digits = Math.floor(random() * 0x100000000).toString(36);
  return userInput(seededEmail(id), `user ${digits}`, seededAge(id), isSeededActive(id));
}
