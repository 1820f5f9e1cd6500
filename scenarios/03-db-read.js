/** `GET /users` pages and `GET /users/{id}` in the proportion LIST_SHARE: reads of the 10,000 seeded users. */

import { SEEDED_USERS, isSeededUser, seededPage } from './lib/answers.js';
import { endpoint } from './lib/endpoint.js';
import { hash, mulberry32 } from './lib/random.js';
import { number, text } from './lib/settings.js';

export { handleSummary, options } from './lib/endpoint.js';

const users = `${text('BASE_URL')}/users`;
const limit = number('PAGE_SIZE');
const listShare = number('LIST_SHARE');
const random = mulberry32(hash(`${text('SEED')}/${__VU}`));
const listUsers = endpoint('get', { isRight: seededPage(limit) });
const getUser = endpoint('get', { isRight: isSeededUser });

export default function () {
  if (random() < listShare) {
    const offset = Math.floor(random() * (SEEDED_USERS - limit + 1));
    listUsers(`${users}?limit=${limit}&offset=${offset}`, null, offset);
  } else {
    const id = 1 + Math.floor(random() * SEEDED_USERS);
    getUser(`${users}/${id}`, null, id);
  }
}
