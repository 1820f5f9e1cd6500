/** `/users`: pages, single users, and writes. */
import type { RequestHandler } from 'express';
import { z } from 'zod';

import { Problem } from './problem.js';
import { EmailTakenError, type UserStore } from './store.js';
import { integerText, text, validate } from './validation.js';

const GREATEST_ID = 2n ** 63n - 1n;

const page = z.object({
  limit: integerText(1, 100).default(20),
  offset: integerText(0, 1_000_000).default(0),
});

const userPath = z.object({
  id: z.string().refine((id) => /^\d{1,19}$/.test(id) && isUserId(BigInt(id)), `must be an integer from 1 to ${GREATEST_ID.toString()}`),
});

/** PostgreSQL stores no NUL. */
const withoutNul = (value: string) => !value.includes('\0');
const userInput = z.object({
  email: text(3, 254)
    .regex(/^[^@\s]+@[^@\s]+$/, 'must be an email address')
    .refine(withoutNul, 'must not hold NUL'),
  name: text(1, 100).refine(withoutNul, 'must not hold NUL'),
  age: z.int().min(0).max(150),
  active: z.boolean(),
});

type UserHandlers = Record<'list' | 'create' | 'get' | 'replace', RequestHandler>;

export function userHandlers(users: UserStore): UserHandlers {
  return {
    list: async (request, response) => {
      const { limit, offset } = validate(page, request.query);
      response.json({ items: await users.list(limit, offset), limit, offset });
    },

    create: async (request, response) => {
      const user = await users.create(validate(userInput, request.body)).catch(refuseTakenEmail);
      response.status(201).location(`/users/${user.id}`).json(user);
    },

    get: async (request, response) => {
      const { id } = validate(userPath, request.params);
      response.json((await users.get(id)) ?? refuseMissing());
    },

    replace: async (request, response) => {
      const { id } = validate(userPath, request.params);
      const user = await users.replace(id, validate(userInput, request.body)).catch(refuseTakenEmail);
      response.json(user ?? refuseMissing());
    },
  };
}

const isUserId = (id: bigint): boolean => id >= 1n && id <= GREATEST_ID;

function refuseMissing(): never {
  throw new Problem(404, 'There is no user with this id.');
}

function refuseTakenEmail(error: unknown): never {
  throw error instanceof EmailTakenError ? new Problem(409, 'Another user has this email.') : error;
}
