/** `/users`: pages, single users, and writes. */
import { Type, type FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';

import { Problem } from './problem.js';
import { EmailTakenError, type UserStore } from './store.js';
import { integerText, UserId } from './validation.js';

const Page = Type.Object({ limit: integerText(1, 100, 20), offset: integerText(0, 1_000_000, 0) });
const UserPath = Type.Object({ id: UserId });

/** PostgreSQL stores no NUL. */
const UserInput = Type.Object({
  email: Type.String({ minLength: 3, maxLength: 254, pattern: '^[^@\\s\\0]+@[^@\\s\\0]+$' }),
  name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\0]*$' }),
  age: Type.Integer({ minimum: 0, maximum: 150 }),
  active: Type.Boolean(),
});

const User = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  name: Type.String(),
  age: Type.Integer(),
  active: Type.Boolean(),
  created_at: Type.String({ format: 'date-time' }),
});
const UserPage = Type.Object({ items: Type.Array(User), limit: Type.Integer(), offset: Type.Integer() });

export const userRoutes: FastifyPluginCallbackTypebox<{ users: UserStore }> = (app, { users }, done) => {
  app.get('/users', { schema: { querystring: Page, response: { 200: UserPage } } }, async (request) => {
    const { limit, offset } = request.query;
    return { items: await users.list(limit, offset), limit, offset };
  });

  app.post('/users', { schema: { body: UserInput, response: { 201: User } } }, async (request, reply) => {
    const user = await users.create(request.body).catch(refuseTakenEmail);
    return reply.code(201).header('Location', `/users/${user.id}`).send(user);
  });

  app.get('/users/:id', { schema: { params: UserPath, response: { 200: User } } }, async (request) => {
    return (await users.get(request.params.id)) ?? refuseMissing();
  });

  app.put('/users/:id', { schema: { params: UserPath, body: UserInput, response: { 200: User } } }, async (request) => {
    const user = await users.replace(request.params.id, request.body).catch(refuseTakenEmail);
    return user ?? refuseMissing();
  });

  done();
};

function refuseMissing(): never {
  throw new Problem(404, 'There is no user with this id.');
}

function refuseTakenEmail(error: unknown): never {
  throw error instanceof EmailTakenError ? new Problem(409, 'Another user has this email.') : error;
}
