/** Turns every error into an RFC 9457 problem. */

import { STATUS_CODES, ServerResponse } from 'node:http';
import { HttpException, HttpStatus, UnprocessableEntityException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** One invalid input, with its dotted path. */
export type InvalidField = { field: string; message: string };

export type Problem = { type: 'about:blank'; title: string; status: number; detail: string; errors?: InvalidField[] };

export class InvalidInputException extends UnprocessableEntityException {
  constructor(readonly errors: InvalidField[]) {
    super('The input does not fit the schema.');
  }
}

/** A refusal that HTTP wants to be answered with a header. */
export class RefusalException extends HttpException {
  constructor(
    status: HttpStatus,
    detail: string,
    readonly headers: Record<string, string>,
  ) {
    super(detail, status);
  }
}

/** What is neither an HTTP error nor one of the body's parsers is a fault of the server. */
export function problemOf(error: unknown): Problem {
  if (error instanceof InvalidInputException) return { ...describe(error.getStatus(), error.message), errors: error.errors };
  if (error instanceof HttpException) return describe(error.getStatus(), error.message);
  if (isClientError(error)) return describe(error.statusCode, error.message);
  return describe(HttpStatus.INTERNAL_SERVER_ERROR, 'The server failed to answer.');
}

/** Sends a problem through Fastify's reply, or Node's own: Express's, and that of Fastify's middlewares. */
export function sendProblem(response: ServerResponse | FastifyReply, error: unknown): Problem {
  const problem = problemOf(error);
  const headers = { 'Content-Type': 'application/problem+json', ...(error instanceof RefusalException && error.headers) };
  if (response instanceof ServerResponse) {
    response.statusCode = problem.status;
    response.setHeaders(new Map(Object.entries(headers)));
    response.end(JSON.stringify(problem));
  } else {
    // Fastify would close the connection behind a refused body, of which nothing is left to read.
    response.removeHeader('Connection');
    void response.code(problem.status).headers(headers).send(problem);
  }
  return problem;
}

function describe(status: number, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail };
}

/** As the `http-errors` of Express's body parser are. */
function isClientError(error: unknown): error is Error & { statusCode: number } {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500;
}
