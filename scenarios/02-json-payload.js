/** `POST /echo` with ITEMS items: parse, validate and serialise JSON of one size. */

import { isEcho } from './lib/answers.js';
import { endpoint } from './lib/endpoint.js';
import { echoBody } from './lib/items.js';
import { hash, mulberry32 } from './lib/random.js';
import { number, text } from './lib/settings.js';

export { handleSummary, options } from './lib/endpoint.js';

/** Bodies a VU sends in turn; shares no divisor with the sampling of answers, so that each gets checked. */
const BODIES = 7;

const url = `${text('BASE_URL')}/echo`;
const items = number('ITEMS');
const random = mulberry32(hash(`${text('SEED')}/${__VU}`));
const bodies = Array.from({ length: BODIES }, () => echoBody(random, items));
const postEcho = endpoint('post', { headers: { 'Content-Type': 'application/json' }, isRight: isEcho });

export default function () {
  const body = bodies[__ITER % BODIES];
  postEcho(url, body, body);
}
