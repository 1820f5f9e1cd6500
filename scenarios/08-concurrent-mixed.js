/** Eight operations at once, in the proportion of their weights: whether slow ones hold up quick ones. */

import { throughout } from './lib/iterations.js';
import { createUser, getExternal, getHealth, getProtected, getUser, listUsers, postEcho, replaceUser, stream } from './lib/requests.js';
import { number } from './lib/settings.js';
import { SEEDED_USERS } from './lib/users.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

/** Items of an echo and users on a page; the scenarios of these operations vary them. */
const SIZE = 20;

const random = stream();

/** Each sender as often as its weight says: one draw chooses, whatever the weights. */
const lots = [
  { send: getHealth(), weight: number('HEALTH_WEIGHT') },
  { send: postEcho(SIZE), weight: number('ECHO_WEIGHT') },
  { send: listUsers(SIZE), weight: number('LIST_WEIGHT') },
  { send: getUser(), weight: number('GET_WEIGHT') },
  { send: createUser(), weight: number('CREATE_WEIGHT') },
  { send: replaceUser(SEEDED_USERS), weight: number('REPLACE_WEIGHT') },
  { send: getExternal(), weight: number('EXTERNAL_WEIGHT') },
  { send: getProtected(), weight: number('PROTECTED_WEIGHT') },
].flatMap(({ send, weight }) => Array.from({ length: weight }, () => send));

if (lots.length === 0 && __VU > 0) {
  throw new Error('every weight is 0: there is nothing to send');
}

export default throughout(() => {
  lots[Math.floor(random() * lots.length)]();
});
