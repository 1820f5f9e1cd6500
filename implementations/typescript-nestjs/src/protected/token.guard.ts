/** Lets requests with a valid bearer token pass, and notes whose it is. */

import { type CanActivate, type ExecutionContext, HttpStatus, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { type AdapterRequest, messageOf } from '../http/message.js';
import { RefusalException } from '../http/problem.js';
import { traceIn } from './trace.js';

type Claims = { sub?: unknown; exp?: unknown; scope?: unknown };

@Injectable()
export class TokenGuard implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization } = messageOf(context.switchToHttp().getRequest<AdapterRequest>()).headers;
    const { sub, exp, scope } = this.claims(authorization) ?? {};
    if (typeof sub !== 'string' || sub === '' || exp === undefined) {
      throw new RefusalException(HttpStatus.UNAUTHORIZED, 'The request has no valid bearer token.', { 'WWW-Authenticate': 'Bearer' });
    }
    const trace = traceIn(context);
    trace.subject = sub;
    trace.scopes = typeof scope === 'string' ? scope.split(' ') : [];
    return true;
  }

  /** Claims of a token whose signature, audience and expiry (where there is one) are right. */
  private claims(authorization = ''): Claims | undefined {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (token === undefined) return undefined;
    try {
      return this.jwt.verify<Claims>(token);
    } catch {
      return undefined; // jsonwebtoken throws for nothing but the token
    }
  }
}
