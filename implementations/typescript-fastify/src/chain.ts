/** The hooks around `/protected`: request id, log line, counting, bearer token. */
import { randomUUID } from 'node:crypto';

import type { onRequestAsyncHookHandler, onRequestHookHandler, onResponseHookHandler } from 'fastify';

import { Problem } from './problem.js';

/** What the hooks leave with the request. */
export type Trace = { requestId: string; subject: string; middlewares: number[] };

type Claims = { sub: unknown; scope?: unknown };

declare module 'fastify' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface merges
  interface FastifyRequest {
    trace: Trace;
  }
}

const REQUEST_ID = /^[!-~]{1,128}$/;
const SCOPE = 'read:protected';

/** Gives a request its id: the client's, where that is usable, or a new one. */
export const identify: onRequestHookHandler = (request, reply, done) => {
  const sent = request.headers['x-request-id'];
  const requestId = typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID();
  request.trace = { requestId, subject: '', middlewares: [] };
  reply.header('X-Request-Id', requestId);
  done();
};

/** Writes a line for each answered request. */
export const logAnswer: onResponseHookHandler = (request, reply, done) => {
  const { requestId, subject } = request.trace;
  const duration_ms = Math.round(reply.elapsedTime * 1000) / 1000;
  request.log.info({ request_id: requestId, subject: subject || null, status: reply.statusCode, duration_ms }, 'protected');
  done();
};

/** The counting middlewares, 1 being the outermost. */
export function counting(depth: number): onRequestHookHandler[] {
  return Array.from({ length: depth }, (_, index): onRequestHookHandler => {
    const position = index + 1;
    return (request, _reply, done) => {
      request.trace.middlewares.push(position);
      done();
    };
  });
}

/** Lets requests pass that carry a valid bearer token with the scope. */
export const authenticate: onRequestAsyncHookHandler = async (request, reply) => {
  const claims = await request.jwtVerify<Claims>().catch(() => undefined); // each of its errors is about the token
  if (claims === undefined || typeof claims.sub !== 'string' || claims.sub === '') {
    reply.header('WWW-Authenticate', 'Bearer');
    throw new Problem(401, 'The request has no valid bearer token.');
  }
  request.trace.subject = claims.sub;
  if (typeof claims.scope !== 'string' || !claims.scope.split(' ').includes(SCOPE)) {
    throw new Problem(403, `The token lacks the scope ${SCOPE}.`);
  }
};
