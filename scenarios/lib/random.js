/** Turns a seed's text into a stream of numbers that is the same on every machine. */

/**
 * FNV-1a, 32 bits: spreads seeds that differ in one character over the whole range.
 *
 * @param {string} text
 * @returns {number} an unsigned 32-bit integer
 */
export function hash(text) {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  }
  return state >>> 0;
}

/**
 * Mulberry32 (Tommy Ettinger, public domain): a dozen integer operations a number, which k6's interpreter runs in under a microsecond.
 *
 * @param {number} seed an unsigned 32-bit integer
 * @returns {() => number} draws a number from 0 (included) to 1 (excluded)
 */
export function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}
