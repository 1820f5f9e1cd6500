/** `POST /upload` with a file of FILE_MIB MiB, which the server hashes as it arrives. */

import { postUpload } from './lib/requests.js';
import { number } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

export default postUpload(number('FILE_MIB'));
