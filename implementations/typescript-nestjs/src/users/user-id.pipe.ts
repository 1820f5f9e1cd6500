/** Reads the id in a path: a text of digits for PostgreSQL, as a number has not enough bits. */

import { Injectable, type PipeTransform } from '@nestjs/common';
import { InvalidInputException } from '../http/problem.js';

const GREATEST_ID = 2n ** 63n - 1n;
const ANY_OF_18_DIGITS = /^[1-9]\d{0,17}$/; // in range whatever the digits are

@Injectable()
export class UserIdPipe implements PipeTransform<string, string> {
  transform(text: string): string {
    if (!ANY_OF_18_DIGITS.test(text) && (!/^\d+$/.test(text) || BigInt(text) < 1n || BigInt(text) > GREATEST_ID)) {
      throw new InvalidInputException([{ field: 'id', message: `id must be an integer from 1 to ${GREATEST_ID}` }]);
    }
    return text;
  }
}
