/** Answers ids beyond 2^53 − 1 to the last digit, for which `JSON.stringify` knows no number. */

import type { AdapterReply } from '../http/message.js';
import type { User, UserPage } from './users.dto.js';

/**
 * Return what a handler returns: the answer for Nest to write, or its JSON text where an id is a bigint.
 * An interceptor would do the same, but Nest binds asynchronous resources around it, at more CPU than the route takes.
 */
export function exactly<Answer extends User | UserPage>(answer: Answer, reply: AdapterReply): Answer | string {
  const either: User | UserPage = answer; // what is generic would not be narrowed
  const users = 'items' in either ? either.items : [either];
  if (!users.some(({ id }) => typeof id === 'bigint')) return answer;
  reply.header('Content-Type', 'application/json; charset=utf-8');
  return stringify(answer);
}

function stringify(answer: User | UserPage): string {
  const quoted = JSON.stringify(answer, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  // Within a text these quotes would be escaped.
  return quoted.replaceAll(/"id":"(\d+)"/g, '"id":$1');
}
