/** Turns every error into RFC 9457 problem details. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { invalidFields, type InvalidField } from './validation.js';

/** An error that is answered as it is. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors?: InvalidField[],
  ) {
    super(detail);
  }

  get document() {
    const { status, detail, errors } = this;
    return { type: 'about:blank', title: STATUS_CODES[status], status, detail, errors };
  }
}

/** Input that does not fit its schema; of several messages about one field the first is told. */
export function unprocessable(invalid: InvalidField[]): Problem {
  const byField = new Map<string, InvalidField>();
  for (const one of invalid) {
    if (!byField.has(one.field)) byField.set(one.field, one);
  }
  return new Problem(422, 'The request does not fit the schema.', [...byField.values()]);
}

/** The application's error handler: every error ends here. */
export async function answerProblem(error: FastifyError | Problem, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const problem = asProblem(error, request);
  if (problem.status === 500) request.log.error({ err: error, method: request.method, path: request.url }, 'request failed');
  await readAway(request.raw);
  reply.removeHeader('connection'); // Fastify closes it behind a body that it refuses
  await reply.code(problem.status).type('application/problem+json').send(problem.document);
}

/** Reads the rest of a body: a client that still sends would miss the answer, were the connection closed behind it. */
async function readAway(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  await finished(request.resume()).catch(() => undefined); // nobody waits for the answer then
}

const REFUSALS: Partial<Record<number, string>> = {
  400: 'The request cannot be parsed.',
  413: 'The body is larger than this path accepts.',
  415: 'The media type of the body is not supported.',
};

function asProblem(error: FastifyError | Problem, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error;
  if (error.validation !== undefined) {
    if (request.body === undefined && error.validationContext === 'body') return new Problem(400, 'The body is empty.');
    return unprocessable(invalidFields(error.validation));
  }
  // The messages of Fastify's own errors may repeat the request.
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return new Problem(error.statusCode, REFUSALS[error.statusCode] ?? 'The request was refused.');
  }
  return new Problem(500, 'The server failed to answer the request.');
}
