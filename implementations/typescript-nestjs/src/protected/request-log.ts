/** JSON lines on standard output, one for each answered request to `/protected`. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Settings } from '../settings.js';
import { traceOf } from './trace.js';

/** Token of the log's provider. */
export const REQUEST_LOG = Symbol('request log');

export function openRequestLog(level: Settings['LOG_LEVEL'], destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    base: null, // no pid, no host name
    formatters: { level: (label: string) => ({ level: label }) },
    level: level === 'warning' ? 'warn' : level,
    messageKey: 'message',
    timestamp: stdTimeFunctions.isoTime,
  };
  return pino(options, destination);
}

/** Gives the answer the request's id, and logs it once it is sent. */
@Injectable()
export class RequestLogMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(@Inject(REQUEST_LOG) private readonly log: Logger) {}

  use(message: IncomingMessage, response: ServerResponse, next: () => void): void {
    const started = performance.now();
    const trace = traceOf(message);
    response.setHeader('X-Request-Id', trace.requestId);
    response.once('finish', () => {
      const line = {
        request_id: trace.requestId,
        subject: trace.subject,
        status: response.statusCode,
        duration_ms: Math.round((performance.now() - started) * 1000) / 1000,
      };
      this.log.info(line, 'protected');
    });
    next();
  }
}
