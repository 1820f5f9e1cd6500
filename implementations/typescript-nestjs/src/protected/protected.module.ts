/** `/protected` with its chain: request log, counting middlewares, token, scope. */

import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { Settings } from '../settings.js';
import { countMiddlewares } from './count.middleware.js';
import { ProtectedController } from './protected.controller.js';
import { openRequestLog, REQUEST_LOG, RequestLogMiddleware } from './request-log.js';

@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [Settings],
      useFactory: ({ JWT_SECRET, JWT_AUDIENCE }: Settings) => ({
        secret: JWT_SECRET,
        verifyOptions: { algorithms: ['HS256'], audience: JWT_AUDIENCE },
      }),
    }),
  ],
  controllers: [ProtectedController],
  providers: [{ provide: REQUEST_LOG, inject: [Settings], useFactory: (settings: Settings) => openRequestLog(settings.LOG_LEVEL) }],
})
export class ProtectedModule implements NestModule {
  constructor(private readonly settings: Settings) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestLogMiddleware, ...countMiddlewares(this.settings.MIDDLEWARE_DEPTH)).forRoutes(ProtectedController);
  }
}
