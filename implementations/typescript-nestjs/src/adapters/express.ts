/** Express as the API needs it: exact paths, and JSON bodies where a route takes one. */

import { NotFoundException } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';
import { JSON_LIMIT_BYTES, requireUtf8 } from './json.js';

export function expressAdapter(): ExpressAdapter {
  const instance = express()
    .enable('case sensitive routing')
    .enable('strict routing')
    .disable('etag') // the API has no conditional requests
    .disable('x-powered-by');
  const json = express.json({
    limit: JSON_LIMIT_BYTES,
    strict: false, // a number is JSON too, which then does not fit the schema
    type: () => true,
    verify: (_request, _response, body) => {
      requireUtf8(body);
    },
  });
  instance.post(['/echo', '/users'], json);
  instance.put('/users/:id', json);
  // Express would answer HEAD as it does GET; to the API it is another method.
  instance.head(/^/, () => {
    throw new NotFoundException();
  });
  return new ExpressAdapter(instance);
}
