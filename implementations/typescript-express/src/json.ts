/** Reads JSON bodies: at most MAX_JSON_BYTES of them, and nothing else than JSON. */
import { isUtf8 } from 'node:buffer';

import express, { type RequestHandler } from 'express';

import { Problem } from './problem.js';

export const MAX_JSON_BYTES = 1_048_576;

const parse = express.json({
  limit: MAX_JSON_BYTES,
  strict: false, // `7` is JSON; that it is no object is said by the schema
  verify: (_request, _response, body) => {
    // express.json takes an empty body for {}, and replaces what is not UTF-8.
    if (body.length === 0 || !isUtf8(body)) throw new Problem(400, 'The body is not JSON.');
  },
});

/** Refuses what express.json left alone: no body, or one of another media type. */
const requireBody: RequestHandler = (request, _response, next) => {
  if (request.body === undefined) throw new Problem(400, 'The body is not declared as application/json.');
  next();
};

export const jsonBody = [parse, requireBody];
