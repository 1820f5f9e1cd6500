/** Refuses what is not multipart before either adapter reads the body. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { readAway } from '../http/message.js';

const MULTIPART = /^multipart\/form-data\s*(?:;|$)/i;

export async function requireMultipart(message: IncomingMessage, _response: ServerResponse, next: () => void): Promise<void> {
  if (!MULTIPART.test(message.headers['content-type'] ?? '')) {
    await readAway(message);
    throw new UnsupportedMediaTypeException('The body is not multipart/form-data.');
  }
  next();
}
