/** Answers every error with a problem, those of the router too. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus, Logger, NotFoundException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type AdapterRequest, messageOf, readAway } from './message.js';
import { RefusalException, sendProblem } from './problem.js';

/** Nest answers 404 for a known path with another method: the methods of the API's paths. */
const METHODS: [path: RegExp, methods: string[]][] = [
  [/^\/(?:health|external|protected)$/, ['GET']],
  [/^\/(?:echo|upload)$/, ['POST']],
  [/^\/users$/, ['GET', 'POST']],
  [/^\/users\/[^/]+$/, ['GET', 'PUT']],
];

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  async catch(exception: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const message = messageOf(http.getRequest<AdapterRequest>());
    const error = exception instanceof NotFoundException ? unmatched(message, exception) : exception;
    await readAway(message);
    const { status } = sendProblem(http.getResponse<ServerResponse | FastifyReply>(), error);
    if (status === 500) this.logger.error(error);
  }
}

/** Tells the router's 404 from a controller's, and a wrong method from an unknown path. */
function unmatched({ method = '', url = '' }: IncomingMessage, exception: NotFoundException): Error {
  const [path = ''] = url.split('?', 1);
  const [, methods] = METHODS.find(([pattern]) => pattern.test(path)) ?? [];
  if (!methods) return new NotFoundException('There is nothing at this path.');
  if (methods.includes(method)) return exception;
  const detail = 'This path does not allow the method of the request.';
  return new RefusalException(HttpStatus.METHOD_NOT_ALLOWED, detail, { Allow: methods.join(', ') });
}
