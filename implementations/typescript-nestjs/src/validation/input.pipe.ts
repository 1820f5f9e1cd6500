/** Nest's validation of bodies and queries, without coercion, and its errors as the invalid fields of a problem. */

import {
  type ArgumentMetadata,
  BadRequestException,
  Injectable,
  type PipeTransform,
  type ValidationError,
  ValidationPipe,
} from '@nestjs/common';
import { type InvalidField, InvalidInputException } from '../http/problem.js';
import type { EntryContext } from './rules.js';

@Injectable()
export class InputPipe implements PipeTransform {
  private readonly validation = new ValidationPipe({
    transform: true,
    whitelist: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => new InvalidInputException(errors.flatMap((error) => fieldsOf(error))),
  });

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type === 'param') return value; // a text, which has a pipe of its own
    // Nest would validate `{}` instead.
    if (metadata.type === 'body' && value === undefined) throw new BadRequestException('The body is empty.');
    return this.validation.transform(value, metadata);
  }
}

function fieldsOf({ property, value, constraints = {}, contexts, children = [] }: ValidationError, parent = ''): InvalidField[] {
  const field = parent + property;
  const [broken] = Object.entries(constraints);
  if (!broken) return children.flatMap((child) => fieldsOf(child, `${field}.`));

  const [constraint, message] = broken;
  const context = contexts?.[constraint] as EntryContext | undefined; // no rule has another
  const entries: unknown[] = context && Array.isArray(value) ? value : [];
  const blamed = entries.flatMap((entry, index) => (context?.fits(entry) ? [] : { field: `${field}.${index}`, message }));
  return blamed.length > 0 ? blamed : [{ field, message }];
}
