/** `POST /echo` with ITEMS items: parse, validate and serialise JSON of one size. */

import { throughout } from './lib/iterations.js';
import { postEcho } from './lib/requests.js';
import { number } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default throughout(postEcho(number('ITEMS')));
