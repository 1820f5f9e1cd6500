/** The client of the upstream. */

import { BadGatewayException, GatewayTimeoutException, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { Settings } from '../settings.js';
import { isObject } from '../validation/rules.js';

const TIMEOUT_MS = 2000;
const KEEP_ALIVE_MS = 60_000;
const MAX_ANSWER_BYTES = 1_048_576;

@Injectable()
export class Upstream implements OnApplicationShutdown {
  // As many connections as there are calls in progress; the time of a call is limited as a whole.
  private readonly dispatcher = new Agent({
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_ANSWER_BYTES,
  });

  constructor(private readonly settings: Settings) {}

  /** The upstream's value for a key, from one call. */
  async value(key: string): Promise<string> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await this.call(key, signal);
    } catch (cause) {
      if (signal.aborted) throw new GatewayTimeoutException('The upstream did not answer in time.', { cause });
      throw new BadGatewayException('The upstream failed.', { cause });
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.dispatcher.close();
  }

  private async call(key: string, signal: AbortSignal): Promise<string> {
    const address = `${this.settings.UPSTREAM_URL}/value?key=${encodeURIComponent(key)}`;
    const { statusCode, body } = await request(address, { dispatcher: this.dispatcher, signal });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`The upstream answered ${statusCode}.`);
    }
    const answer = await body.json();
    if (!isObject(answer) || typeof answer.value !== 'string') throw new Error('The upstream answered without a value.');
    return answer.value;
  }
}
