/** Makes the body of `POST /upload`: one file, of whole MiB. */

/** What a file repeats. */
const BLOCK_BYTES = 0x100000;

/** What a block repeats: to draw each of its bytes would take a VU a second. */
const DRAWN_BYTES = 0x1000;

const BOUNDARY = 'benchmark-lab-boundary';
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="file.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`;
const TAIL = `\r\n--${BOUNDARY}--\r\n`;

export const CONTENT_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** Where the file's first byte stands in the body. */
export const FILE_START = HEAD.length;

/** @param {string} text */
function ascii(text) {
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}

/**
 * @param {() => number} random draws from 0 to 1
 * @returns {Uint8Array<ArrayBuffer>} 1 MiB
 */
export function drawBlock(random) {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(Uint8Array.from({ length: DRAWN_BYTES }, () => Math.floor(random() * 256)));
  for (let filled = DRAWN_BYTES; filled < BLOCK_BYTES; filled *= 2) {
    block.copyWithin(filled, 0, filled);
  }
  return block;
}

/**
 * @param {Uint8Array} block
 * @param {number} blocks in the file
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function multipartBody(block, blocks) {
  const tailStart = FILE_START + blocks * block.length;
  const body = new Uint8Array(tailStart + TAIL.length);
  body.set(ascii(HEAD));
  for (let start = FILE_START; start < tailStart; start += block.length) {
    body.set(block, start);
  }
  body.set(ascii(TAIL), tailStart);
  return body;
}
