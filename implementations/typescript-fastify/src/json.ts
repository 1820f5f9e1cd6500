/** Reads JSON bodies: at most MAX_JSON_BYTES of them, and nothing else than JSON. */
import { isUtf8 } from 'node:buffer';

import type { FastifyInstance } from 'fastify';

import { Problem } from './problem.js';

export const MAX_JSON_BYTES = 1_048_576;

/** Has the routes of a scope take JSON alone. */
export function acceptJson(app: FastifyInstance): void {
  // Members such as `__proto__` are unknown members: ignored.
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer', bodyLimit: MAX_JSON_BYTES }, (request, body, done) => {
    // Read as text, what is not UTF-8 would be replaced.
    if (isUtf8(body)) void parse(request, body.toString(), done);
    else done(new Problem(400, 'The body is not JSON.'));
  });
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(new Problem(400, 'The body is not declared as application/json.'));
  });
}
