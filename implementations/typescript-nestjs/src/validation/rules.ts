/** Rules in one decorator a member: ranges, lengths in characters, integers in texts, and lists whose entries are told apart. */

import { applyDecorators } from '@nestjs/common';
import { Transform, Type } from 'class-transformer';
import { ValidateBy, ValidateNested } from 'class-validator';

const INTEGER = /^-?\d+$/;
const SURROGATE_PAIRS = /[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

/** The context of errors that single entries of a list may be to blame for. */
export type EntryContext = { fits: (entry: unknown) => boolean };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function Integer(minimum: number, maximum: number): PropertyDecorator {
  return rule(
    (value) => Number.isInteger(value) && isWithin(value as number, minimum, maximum), // an integer is a number
    `$property must be an integer from ${minimum} to ${maximum}`,
  );
}

export function Decimal(minimum: number, maximum: number): PropertyDecorator {
  return rule(
    (value) => typeof value === 'number' && isWithin(value, minimum, maximum),
    `$property must be a number from ${minimum} to ${maximum}`,
  );
}

/** An integer that a query or the environment writes in decimal digits. */
export function IntegerText(minimum: number, maximum: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' && INTEGER.test(value) ? Number(value) : value)),
    Integer(minimum, maximum),
  );
}

export function Characters(shortest: number, longest: number): PropertyDecorator {
  return rule((value) => isText(value, shortest, longest), `$property must be a text of ${shortest} to ${longest} characters`);
}

/** A list of texts; class-validator's `each` would blame the list for an entry. */
export function Texts(most: number, longest: number): PropertyDecorator {
  const fits = (entry: unknown): boolean => isText(entry, 0, longest);
  return rule(
    (value) => Array.isArray(value) && value.length <= most && value.every(fits),
    `$property must be a list of at most ${most} texts of at most ${longest} characters`,
    { fits },
  );
}

/** A list of validated objects; class-validator would take a list within it for more of them. */
export function Objects(entry: new () => object): PropertyDecorator {
  return applyDecorators(
    Type(() => entry),
    Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? value.map((item) => (isObject(item) ? item : null)) : value)),
    ValidateNested({ message: 'each entry must be an object' }),
  );
}

function rule(validate: (value: unknown) => boolean, message: string, context?: EntryContext): PropertyDecorator {
  return ValidateBy({ name: 'rule', validator: { validate, defaultMessage: () => message } }, { ...(context && { context }) });
}

/** Counts code points, as JSON Schema does; class-validator's `Length` leaves variation selectors out. */
function isText(value: unknown, shortest: number, longest: number): boolean {
  if (typeof value !== 'string') return false;
  return isWithin(value.length - (value.match(SURROGATE_PAIRS)?.length ?? 0), shortest, longest);
}

function isWithin(value: number, minimum: number, maximum: number): boolean {
  return minimum <= value && value <= maximum;
}
