/** What requests and answers of Express and of Fastify have in common. */

import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';

/** Express extends Node's message, Fastify wraps it. */
export type AdapterRequest = IncomingMessage | { raw: IncomingMessage };

export type AdapterReply = { header: (name: string, value: string) => unknown };

/** Node's message of a request, the same object in middlewares, guards and controllers. */
export function messageOf(request: AdapterRequest): IncomingMessage {
  return 'raw' in request ? request.raw : request;
}

/** Reads the rest of a body that is refused: a connection that is closed before may take the answer with it. */
export async function readAway(message: IncomingMessage): Promise<void> {
  message.resume();
  await finished(message).catch(() => undefined); // the client went away
}
