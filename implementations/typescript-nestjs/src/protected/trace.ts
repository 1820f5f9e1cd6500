/** What the middlewares and guards of `/protected` note about a request. */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type AdapterRequest, messageOf } from '../http/message.js';

const VISIBLE_ASCII = /^[!-~]{1,128}$/;

export type Trace = {
  readonly requestId: string;
  /** Positions of the counting middlewares that the request passed. */
  readonly middlewares: number[];
  /** From the token, once it is known to be valid. */
  subject: string | null;
  scopes: string[];
};

type TracedMessage = IncomingMessage & { trace?: Trace };

/** The trace of a request, begun with the client's id where that is usable. */
export function traceOf(message: TracedMessage): Trace {
  return (message.trace ??= { requestId: requestIdOf(message), middlewares: [], subject: null, scopes: [] });
}

/** A controller's parameter. */
export const Traced = createParamDecorator((_data: undefined, context: ExecutionContext) => traceIn(context));

export function traceIn(context: ExecutionContext): Trace {
  return traceOf(messageOf(context.switchToHttp().getRequest<AdapterRequest>()));
}

function requestIdOf(message: IncomingMessage): string {
  const given = message.headers['x-request-id'];
  return typeof given === 'string' && VISIBLE_ASCII.test(given) ? given : randomUUID();
}
