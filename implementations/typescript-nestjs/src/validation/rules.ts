/** Rules that class-validator lacks: integers in texts, lengths in characters, and lists whose entries are told apart. */

import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

const INTEGER = /^-?\d+$/;
const SURROGATE_PAIRS = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

/** The name of the constraint of `Entries`, and what its errors carry as their context. */
export const ENTRIES = 'entries';
export type EntriesContext = { test: (entry: unknown) => boolean };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Counts code points, as JSON Schema does; class-validator's `Length` leaves variation selectors out. */
export function isText(value: unknown, shortest: number, longest: number): value is string {
  if (typeof value !== 'string') return false;
  const characters = value.length - (value.match(SURROGATE_PAIRS)?.length ?? 0);
  return shortest <= characters && characters <= longest;
}

export function Characters(shortest: number, longest: number): PropertyDecorator {
  return ValidateBy({
    name: 'characters',
    validator: {
      validate: (value: unknown) => isText(value, shortest, longest),
      defaultMessage: () => `$property must be a text of ${shortest} to ${longest} characters`,
    },
  });
}

/** An integer that a query or the environment writes in decimal digits. */
export function IntegerText(minimum: number, maximum: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && INTEGER.test(value) ? Number(value) : value)),
    ValidateBy({
      name: 'integerText',
      validator: {
        validate: (value: unknown) => typeof value === 'number' && minimum <= value && value <= maximum,
        defaultMessage: () => `$property must be an integer from ${minimum} to ${maximum}`,
      },
    }),
  );
}

/** A list whose entries all pass a test; those that fail are reported one by one, where `each` would blame the list. */
export function Entries(test: EntriesContext['test'], message: string): PropertyDecorator {
  const context: EntriesContext = { test };
  return ValidateBy(
    {
      name: ENTRIES,
      validator: { validate: (value: unknown) => Array.isArray(value) && value.every(test), defaultMessage: () => message },
    },
    { context },
  );
}
