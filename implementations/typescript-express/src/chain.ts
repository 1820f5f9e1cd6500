/** The middlewares in front of `/protected`: request id, log line, counting, bearer token. */
import { createSecretKey, randomUUID, type KeyObject } from 'node:crypto';

import type { NextFunction, Request, Response } from 'express';
import jwt from 'jsonwebtoken';
import type { Logger } from 'pino';
import { z } from 'zod';

import { Problem } from './problem.js';

/** What the middlewares leave in `response.locals`. */
export type Trace = { requestId: string; subject: string | null; middlewares: number[] };

type Middleware = (request: Request, response: Response<unknown, Trace>, next: NextFunction) => void;

const REQUEST_ID = /^[!-~]{1,128}$/;
const SCOPE = 'read:protected';

const tokenClaims = z.object({ sub: z.string().min(1), exp: z.number(), scope: z.unknown().optional() });

/** Gives a request its id: the client's, where that is usable, or a new one. */
export const identify: Middleware = (request, response, next) => {
  const sent = request.get('X-Request-Id') ?? '';
  const requestId = REQUEST_ID.test(sent) ? sent : randomUUID();
  Object.assign(response.locals, { requestId, subject: null, middlewares: [] } satisfies Trace);
  response.set('X-Request-Id', requestId);
  next();
};

/** Writes a line for each answered request. */
export function logAnswers(log: Logger): Middleware {
  return (_request, response, next) => {
    const started = performance.now();
    response.on('finish', () => {
      const { requestId, subject } = response.locals;
      const duration_ms = Math.round((performance.now() - started) * 1000) / 1000;
      log.info({ request_id: requestId, subject, status: response.statusCode, duration_ms }, 'protected');
    });
    next();
  };
}

/** The counting middlewares, 1 being the outermost. */
export function counting(depth: number): Middleware[] {
  return Array.from({ length: depth }, (_, index): Middleware => {
    const position = index + 1;
    return (_request, response, next) => {
      response.locals.middlewares.push(position);
      next();
    };
  });
}

/** Lets requests pass that carry a valid bearer token with the scope. */
export function authenticate(secret: string, audience: string): Middleware {
  const key = createSecretKey(secret, 'utf8'); // jsonwebtoken would make one for each token
  return (request, response, next) => {
    const claims = verifiedClaims(request.get('Authorization'), key, audience);
    if (claims === undefined) {
      response.set('WWW-Authenticate', 'Bearer');
      throw new Problem(401, 'The request has no valid bearer token.');
    }
    response.locals.subject = claims.sub;
    if (typeof claims.scope !== 'string' || !claims.scope.split(' ').includes(SCOPE)) {
      throw new Problem(403, `The token lacks the scope ${SCOPE}.`);
    }
    next();
  };
}

function verifiedClaims(header = '', key: KeyObject, audience: string): z.output<typeof tokenClaims> | undefined {
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) return undefined;
  try {
    return tokenClaims.safeParse(jwt.verify(token, key, { algorithms: ['HS256'], audience })).data;
  } catch {
    return undefined; // not only JsonWebTokenError: a payload that is no JSON gives a SyntaxError
  }
}
