/** Validates with Ajv: bodies without coercion, parameters, which are text, with integers made from their digits. */
import { Type } from '@fastify/type-provider-typebox';
import { Ajv, type Options } from 'ajv';
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';

export type InvalidField = { field: string; message: string };

const GREATEST_ID = 2n ** 63n - 1n;

const options: Options = {
  allErrors: true,
  useDefaults: true,
  formats: { 'user-id': (id) => /^\d{1,19}$/.test(id) && isUserId(BigInt(id)) },
};
const bodies = new Ajv(options);
const parameters = new Ajv({ ...options, coerceTypes: true });

export const compileValidator: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? bodies : parameters).compile(schema);

/** An integer from 1 to 2^63-1, which stays text: a number holds it only up to 2^53. */
export const UserId = Type.String({ format: 'user-id' });

/** A path or query parameter that is an integer; Ajv alone would also take `1.0`, `+1` and `1e2` for integers. */
export const integerText = (minimum: number, maximum: number, absent: number) =>
  Type.Unsafe<number>({
    allOf: [
      { type: 'string', pattern: '^-?[0-9]{1,15}$' }, // Ajv lets Infinity pass
      { type: 'integer', minimum, maximum },
    ],
    default: absent,
  });

/** The dotted names of what Ajv refused; the items of a list that is too long are left out. */
export function invalidFields(errors: FastifySchemaValidationError[]): InvalidField[] {
  const invalid: InvalidField[] = [];
  let tooLong: string | undefined;
  for (const { keyword, instancePath, params, message = 'is invalid' } of errors) {
    if (tooLong !== undefined && instancePath.startsWith(tooLong)) continue;
    if (keyword === 'maxItems') tooLong = `${instancePath}/`; // Ajv tells this before it looks at the items
    const path = instancePath.split('/').slice(1);
    if (keyword === 'required') path.push(String(params.missingProperty));
    invalid.push({ field: path.join('.') || 'body', message });
  }
  return invalid;
}

const isUserId = (id: bigint): boolean => id >= 1n && id <= GREATEST_ID;
