/** `POST /users` and `PUT /users/{id}`, UPDATE_SHARE of them updates that meet on HOT_ROWS rows: transactions of two statements. */

import { throughout } from './lib/iterations.js';
import { createUser, replaceUser, stream } from './lib/requests.js';
import { number } from './lib/settings.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

const random = stream();
const updateShare = number('UPDATE_SHARE');
const replace = replaceUser(number('HOT_ROWS'));
const create = createUser();

export default throughout(() => {
  if (random() < updateShare) {
    replace();
  } else {
    create();
  }
});
