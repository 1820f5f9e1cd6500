/** What is answered: JSON, and every error as RFC 9457 problem details. */
import { STATUS_CODES, type ServerResponse } from 'node:http';

export function answerJson(response: ServerResponse, status: number, document: unknown, mediaType = 'application/json'): void {
  const content = JSON.stringify(document);
  response.writeHead(status, { 'Content-Type': mediaType, 'Content-Length': Buffer.byteLength(content) }).end(content);
}

export function answerProblem(response: ServerResponse, status: number, detail: string): void {
  const problem = { type: 'about:blank', title: STATUS_CODES[status], status, detail };
  answerJson(response, status, problem, 'application/problem+json');
}
