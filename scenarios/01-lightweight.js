/** `GET /health`, over and over: what a request costs when there is nothing to do. */

import { throughout } from './lib/iterations.js';
import { getHealth } from './lib/requests.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default throughout(getHealth());
