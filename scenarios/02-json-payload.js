/** `POST /echo` with ITEMS items: parse, validate and serialise JSON of one size. */

import { postEcho } from './lib/requests.js';
import { number } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default postEcho(number('ITEMS'));
