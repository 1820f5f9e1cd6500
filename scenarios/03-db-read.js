/** `GET /users` pages and `GET /users/{id}` in the proportion LIST_SHARE: reads of the 10,000 seeded users. */

import { throughout } from './lib/iterations.js';
import { getUser, listUsers, stream } from './lib/requests.js';
import { number } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

const random = stream();
const listShare = number('LIST_SHARE');
const list = listUsers(number('PAGE_SIZE'));
const get = getUser();

export default throughout(() => {
  if (random() < listShare) {
    list();
  } else {
    get();
  }
});
