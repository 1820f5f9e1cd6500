/** What both adapters ask of a JSON body before they parse it. */

import { isUtf8 } from 'node:buffer';
import { BadRequestException } from '@nestjs/common';

export const JSON_LIMIT_BYTES = 1_048_576;

/** JSON is UTF-8; the parsers would replace what is not, and take an empty body for an object. */
export function requireUtf8(body: Buffer): void {
  if (body.length === 0) throw new BadRequestException('The body is empty.');
  if (!isUtf8(body)) throw new BadRequestException('The body is not UTF-8.');
}
