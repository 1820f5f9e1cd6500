/** Validates input with zod, and says in zod what openapi.yaml says in JSON Schema. */
import { z } from 'zod';

import { unprocessable } from './problem.js';

/** The input as the schema describes it, or a problem that names every invalid field. */
export function validate<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw unprocessable(parsed.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'body', message })));
}

/** A string of so many characters, which zod would count in UTF-16 units. */
export const text = (min: number, max: number) =>
  z.string().refine((value) => hasLength(value, min, max), `must have ${min} to ${max} characters`);

/** A list whose items are looked at only if it is not too long. */
export const list = <Item extends z.ZodType>(item: Item, max: number) => z.array(z.unknown()).max(max).pipe(z.array(item));

/** A path or query parameter that is an integer. */
export const integerText = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be an integer')
    .transform(Number)
    .pipe(z.int().min(min).max(max));

function hasLength(value: string, min: number, max: number): boolean {
  // A character is one or two units: most lengths are clear without counting.
  if (value.length > 2 * max) return false;
  if (value.length <= max && value.length >= 2 * min) return true;
  const characters = Array.from(value).length;
  return characters >= min && characters <= max;
}
