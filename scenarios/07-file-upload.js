/** `POST /upload` with a file of FILE_MIB MiB, which the server hashes as it arrives. */

import { throughout } from './lib/iterations.js';
import { postUpload } from './lib/requests.js';
import { number } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default throughout(postUpload(number('FILE_MIB')));
