/** Asks for the scope that a controller requires; stands behind the token's guard. */

import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { traceIn } from './trace.js';

export const RequiredScope = Reflector.createDecorator<string>();

@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = this.reflector.get(RequiredScope, context.getClass());
    if (!traceIn(context).scopes.includes(scope)) throw new ForbiddenException(`The token lacks the scope ${scope}.`);
    return true;
  }
}
