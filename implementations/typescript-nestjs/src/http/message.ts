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

/** Reads the rest of a body: a client that still sends would miss the answer, were the connection closed behind it. */
export async function readAway(message: IncomingMessage): Promise<void> {
  if (message.readableEnded || message.destroyed) return;
  await finished(message.resume()).catch(() => undefined); // the client went away
}
