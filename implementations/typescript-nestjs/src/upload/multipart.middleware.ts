/** Refuses what is not multipart before either adapter reads the body. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';

const MULTIPART = /^multipart\/form-data\s*(?:;|$)/i;

export function requireMultipart(message: IncomingMessage, _response: ServerResponse, next: () => void): void {
  if (!MULTIPART.test(message.headers['content-type'] ?? ''))
    throw new UnsupportedMediaTypeException('The body is not multipart/form-data.');
  next();
}
