/** `GET /external`: one call of the upstream for each request. */
import type { RequestHandler } from 'express';
import { z } from 'zod';

import type { Upstream } from './upstream.js';
import { text, validate } from './validation.js';

const externalQuery = z.object({ key: text(1, 64) });

export function getExternal(upstream: Upstream): RequestHandler {
  return async (request, response) => {
    const { key } = validate(externalQuery, request.query);
    response.json({ key, value: await upstream.value(key) });
  };
}
