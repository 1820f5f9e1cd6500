/** `GET /protected`: a validated query, and what the middlewares left behind. */
import type { Request, Response } from 'express';
import { z } from 'zod';

import type { Trace } from './chain.js';
import { integerText, text, validate } from './validation.js';

const protectedQuery = z.object({ q: text(1, 64), page: integerText(1, 1000).default(1) });

export function getProtected(request: Request, response: Response<unknown, Trace>): void {
  const { q, page } = validate(protectedQuery, request.query);
  const { requestId, subject, middlewares } = response.locals;
  response.json({ subject, q, page, request_id: requestId, middlewares });
}
