/** Answers ids beyond 2^53 − 1 to the last digit, for which `JSON.stringify` knows no number. */

import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import type { AdapterReply } from '../http/message.js';
import type { User, UserPage } from './users.dto.js';

@Injectable()
export class WideIdInterceptor implements NestInterceptor<User | UserPage, User | UserPage | string> {
  intercept(context: ExecutionContext, next: CallHandler<User | UserPage>): Observable<User | UserPage | string> {
    return next.handle().pipe(
      map((answer) => {
        const users = 'items' in answer ? answer.items : [answer];
        if (!users.some(({ id }) => typeof id === 'bigint')) return answer;
        context.switchToHttp().getResponse<AdapterReply>().header('Content-Type', 'application/json; charset=utf-8');
        return stringify(answer);
      }),
    );
  }
}

function stringify(answer: User | UserPage): string {
  const quoted = JSON.stringify(answer, (_name, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  // Within a text these quotes would be escaped.
  return quoted.replaceAll(/"id":"(\d+)"/g, '"id":$1');
}
