/** `GET /external`: the server waits for an API that it calls, and has others to answer meanwhile. */

import { throughout } from './lib/iterations.js';
import { getExternal } from './lib/requests.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default throughout(getExternal());
