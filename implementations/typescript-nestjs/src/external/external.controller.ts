/** `GET /external`: one call of the upstream for each request. */

import { Controller, Get, Query } from '@nestjs/common';
import { Characters } from '../validation/rules.js';
import { Upstream } from './upstream.js';

export class ExternalQuery {
  @Characters(1, 64)
  readonly key!: string;
}

type External = { key: string; value: string };

@Controller('external')
export class ExternalController {
  constructor(private readonly upstream: Upstream) {}

  @Get()
  async get(@Query() { key }: ExternalQuery): Promise<External> {
    return { key, value: await this.upstream.value(key) };
  }
}
