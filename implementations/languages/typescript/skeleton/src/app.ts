/** Joins paths to handlers. The framework's own router takes its place. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { answerJson, answerProblem } from './answer.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const getHealth: Handler = (_request, response) => {
  answerJson(response, 200, { status: 'ok' });
};

/** Stands for an operation until its handler is there. */
const notWritten: Handler = (_request, response) => {
  answerProblem(response, 501, 'This operation is not written yet.');
};

const ROUTES: [path: RegExp, handlers: Partial<Record<string, Handler>>][] = [
  [/^\/health$/, { GET: getHealth }],
  [/^\/echo$/, { POST: notWritten }],
  [/^\/users$/, { GET: notWritten, POST: notWritten }],
  [/^\/users\/[^/]+$/, { GET: notWritten, PUT: notWritten }],
  [/^\/external$/, { GET: notWritten }],
  [/^\/protected$/, { GET: notWritten }],
  [/^\/upload$/, { POST: notWritten }],
];

/** Has the handler of the request's path and method answer, or says that there is none. */
export const handle: RequestListener = (request, response) => {
  const [path = ''] = request.url?.split('?') ?? [];
  const handlers = ROUTES.find(([pattern]) => pattern.test(path))?.[1];
  const handler = handlers?.[request.method ?? ''];
  if (handlers === undefined) {
    answerProblem(response, 404, 'There is nothing at this path.');
  } else if (handler === undefined) {
    response.setHeader('Allow', Object.keys(handlers).join(', '));
    answerProblem(response, 405, 'This path does not serve this method.');
  } else {
    handler(request, response);
  }
};
