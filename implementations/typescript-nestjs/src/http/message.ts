/** What requests and answers of Express and of Fastify have in common. */

import type { IncomingMessage } from 'node:http';

/** Express extends Node's message, Fastify wraps it. */
export type AdapterRequest = IncomingMessage | { raw: IncomingMessage };

export type AdapterReply = { header: (name: string, value: string) => unknown };

/** Node's message of a request, the same object in middlewares, guards and controllers. */
export function messageOf(request: AdapterRequest): IncomingMessage {
  return 'raw' in request ? request.raw : request;
}
