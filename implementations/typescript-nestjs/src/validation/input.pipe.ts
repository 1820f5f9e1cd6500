/** Nest's validation of bodies and queries, without coercion, and its errors as the invalid fields of a problem. */

import { type ArgumentMetadata, BadRequestException, Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { type InvalidField, InvalidInputException } from '../http/problem.js';
import { ENTRIES, type EntriesContext } from './rules.js';

@Injectable()
export class InputPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => new InvalidInputException(errors.flatMap((error) => fieldsOf(error))),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest would validate `{}` instead.
    if (metadata.type === 'body' && value === undefined) throw new BadRequestException('The body is empty.');
    return super.transform(value, metadata);
  }
}

function fieldsOf({ property, value, constraints = {}, contexts, children = [] }: ValidationError, parent = ''): InvalidField[] {
  const field = parent + property;
  const below = (child: ValidationError) => fieldsOf(child, `${field}.`);
  const [broken] = Object.entries(constraints);
  if (!broken) return children.flatMap(below);

  const [constraint, message] = broken;
  if (constraint !== ENTRIES) return [{ field, message }];
  const { test } = contexts?.[ENTRIES] as EntriesContext; // Entries gave it
  return (value as unknown[]).flatMap((entry, index) =>
    test(entry) ? children.filter((child) => child.property === String(index)).flatMap(below) : { field: `${field}.${index}`, message },
  );
}
