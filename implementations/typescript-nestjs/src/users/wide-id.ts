/** Answers ids beyond 2^53 − 1 to the last digit, which no number of JavaScript's has. */

import type { User } from './users.dto.js';

// TypeScript does not know it yet.
declare global {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface adds to another
  interface JSON {
    rawJSON: (text: string) => RawJson;
  }
}

/** What JSON.stringify writes as it is. */
type RawJson = { readonly rawJSON: string };

export type UserAnswer = Omit<User, 'id'> & { id: number | RawJson };

export function answer(user: User): UserAnswer {
  return isExact(user) ? user : { ...user, id: JSON.rawJSON(String(user.id)) };
}

function isExact(user: User): user is User & { id: number } {
  return typeof user.id === 'number';
}
