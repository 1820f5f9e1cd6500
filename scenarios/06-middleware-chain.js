/** `GET /protected`: a token, a request id, a log line and a validated query, and the counting middlewares around them. */

import { throughout } from './lib/iterations.js';
import { getProtected } from './lib/requests.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default throughout(getProtected());
