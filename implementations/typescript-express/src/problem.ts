/** Turns every error into RFC 9457 problem details. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';

import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';

export type InvalidField = { field: string; message: string };

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
export function answerProblems(log: Logger): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = asProblem(error);
    if (problem.status === 500) log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    await readAway(request);
    response.status(problem.status).type('application/problem+json').json(problem.document);
  };
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

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  // The errors of Express and its parsers have a status; their messages may repeat the request.
  if (error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500) {
    return new Problem(error.status, REFUSALS[error.status] ?? 'The request was refused.');
  }
  return new Problem(500, 'The server failed to answer the request.');
}
