/** Makes the request bodies of `POST /echo`. */

const TAGS = ['new', 'sale', 'fragile', 'bulky', 'digital', 'refurbished', 'imported', 'seasonal'];

/**
 * @typedef {object} Item
 * @property {number} id
 * @property {string} name
 * @property {number} price
 * @property {number} quantity
 * @property {string[]} tags
 */

/**
 * @param {() => number} random draws from 0 to 1
 * @returns {Item} of ASCII text only, which k6 sends without converting it
 */
function item(random) {
  const id = Math.floor(random() * 0x100000000);
  const firstTag = Math.floor(random() * TAGS.length);
  return {
    id,
    name: `item ${id.toString(36)}`,
    price: Math.floor(random() * 100_000) / 100,
    quantity: 1 + Math.floor(random() * 20),
    tags: TAGS.slice(firstTag, firstTag + 3),
  };
}

/**
 * @param {() => number} random draws from 0 to 1
 * @param {number} items in the body
 * @returns {string} an EchoRequest as JSON
 */
export function echoBody(random, items) {
  return JSON.stringify({ items: Array.from({ length: items }, () => item(random)) });
}
