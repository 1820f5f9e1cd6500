/** Says whether an answer is the problem that a test asks for. */
import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';

type Problem = { type: string; title: string; status: number; detail: string; errors?: { field: string; message: string }[] };

/** Asks for problem details with this status and, in any order, these invalid fields. */
export async function assertProblem(response: Response, status: number, ...fields: string[]): Promise<void> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get('content-type')?.split(';')[0], 'application/problem+json');
  const { type, title, status: repeated, detail, errors = [] } = JSON.parse(text) as Problem;
  assert.deepEqual({ type, title, repeated }, { type: 'about:blank', title: STATUS_CODES[status], repeated: status });
  assert.notEqual(detail, '');
  assert.deepEqual(errors.map(({ field }) => field).sort(), fields.sort());
}
