/** `GET /health`, several times an iteration. */

import { isHealthy } from './lib/answers.js';
import { endpoint } from './lib/endpoint.js';
import { throughout } from './lib/iterations.js';
import { number, text } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

const url = `${text('BASE_URL')}/health`;
const burst = number('BURST');
const getHealth = endpoint('get', { isRight: isHealthy });

export default throughout(() => {
  for (let i = 0; i < burst; i += 1) {
    getHealth(url, null, null);
  }
});
