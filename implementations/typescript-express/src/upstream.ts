/** Calls the upstream over kept-alive connections. */
import { Pool } from 'undici';

import { Problem } from './problem.js';

export const UPSTREAM_TIMEOUT_MS = 2000;

export class Upstream {
  private readonly pool: Pool;
  private readonly path: string;

  constructor(url: string) {
    const { origin, pathname } = new URL(url);
    this.pool = new Pool(origin);
    this.path = `${pathname.replace(/\/$/, '')}/value`;
  }

  /** The value for a key; 504 where the upstream was silent for UPSTREAM_TIMEOUT_MS, 502 where it gave no value. */
  async value(key: string): Promise<string> {
    const signal = AbortSignal.timeout(UPSTREAM_TIMEOUT_MS);
    try {
      const { statusCode, body } = await this.pool.request({ method: 'GET', path: this.path, query: { key }, signal });
      if (statusCode === 200) {
        const answer = await body.json();
        if (hasValue(answer)) return answer.value;
      } else {
        await body.dump(); // the connection is used again
      }
    } catch {
      if (signal.aborted) throw new Problem(504, 'The upstream did not answer in time.');
    }
    throw new Problem(502, 'The upstream did not answer with a value.');
  }

  async close(): Promise<void> {
    await this.pool.close();
  }
}

function hasValue(answer: unknown): answer is { value: string } {
  return typeof answer === 'object' && answer !== null && 'value' in answer && typeof answer.value === 'string';
}
