/** `GET /protected`: a token with a scope, a validated query, and what the middlewares left behind. */

import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { Characters, IntegerText } from '../validation/rules.js';
import { RequiredScope, ScopeGuard } from './scope.guard.js';
import { TokenGuard } from './token.guard.js';
import { type Trace, Traced } from './trace.js';

export class ProtectedQuery {
  @Characters(1, 64)
  readonly q!: string;

  @IntegerText(1, 1000)
  readonly page: number = 1;
}

type Protected = { subject: string | null; q: string; page: number; request_id: string; middlewares: number[] };

@Controller('protected')
@RequiredScope('read:protected')
@UseGuards(TokenGuard, ScopeGuard)
export class ProtectedController {
  @Get()
  get(@Query() { q, page }: ProtectedQuery, @Traced() { subject, requestId, middlewares }: Trace): Protected {
    return { subject, q, page, request_id: requestId, middlewares };
  }
}
