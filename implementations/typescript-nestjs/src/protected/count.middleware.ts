/** Counting middlewares: each notes its position on the way in. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { traceOf } from './trace.js';

export type CountMiddleware = (message: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Middlewares for the positions 1 to `depth`, the outermost first. */
export function countMiddlewares(depth: number): CountMiddleware[] {
  return Array.from({ length: depth }, (_, index) => (message, _response, next) => {
    traceOf(message).middlewares.push(index + 1);
    next();
  });
}
