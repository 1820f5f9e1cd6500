/** `GET /health`, over and over: what a request costs when there is nothing to do. */

import { isHealthy } from './lib/answers.js';
import { endpoint } from './lib/endpoint.js';
import { text } from './lib/settings.js';

export { handleSummary, options } from './lib/endpoint.js';

const url = `${text('BASE_URL')}/health`;
const getHealth = endpoint('get', { isRight: isHealthy });

export default function () {
  getHealth(url, null, null);
}
