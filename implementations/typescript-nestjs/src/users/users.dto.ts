/** What clients say about users, and what they are told. */

import { IsBoolean, Matches } from 'class-validator';
import { Characters, Integer, IntegerText } from '../validation/rules.js';

// PostgreSQL's text has neither NUL nor half of a surrogate pair.
const STORABLE = /^[^\0\p{Surrogate}]*$/u;
const EMAIL = /^[^@\s\0\p{Surrogate}]+@[^@\s\0\p{Surrogate}]+$/u;

// The rule that stands lowest is tried first.
export class UserInput {
  @Matches(EMAIL, { message: '$property must be an email address' })
  @Characters(3, 254)
  readonly email!: string;

  @Matches(STORABLE, { message: '$property must not contain the character NUL or half of a surrogate pair' })
  @Characters(1, 100)
  readonly name!: string;

  @Integer(0, 150)
  readonly age!: number;

  @IsBoolean()
  readonly active!: boolean;
}

export class UsersQuery {
  @IntegerText(1, 100)
  readonly limit: number = 20;

  @IntegerText(0, 1_000_000)
  readonly offset: number = 0;
}

/** A row of the table users; an id beyond 2^53 − 1 is a bigint. */
export type User = { id: number | bigint; email: string; name: string; age: number; active: boolean; created_at: string };
