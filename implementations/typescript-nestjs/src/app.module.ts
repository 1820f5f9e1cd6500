/** Puts the routes, the pipe and the filter together. */

import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { EchoController } from './echo/echo.controller.js';
import { ExternalModule } from './external/external.module.js';
import { HealthController } from './health/health.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { ProtectedModule } from './protected/protected.module.js';
import { Settings } from './settings.js';
import { UploadModule } from './upload/upload.module.js';
import { UsersModule } from './users/users.module.js';
import { InputPipe } from './validation/input.pipe.js';

@Module({
  imports: [UsersModule, ExternalModule, ProtectedModule, UploadModule],
  controllers: [HealthController, EchoController],
  providers: [
    { provide: APP_PIPE, useClass: InputPipe },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class AppModule {
  /** The application with these settings, which every module can inject. */
  static with(settings: Settings): DynamicModule {
    return { module: AppModule, global: true, providers: [{ provide: Settings, useValue: settings }], exports: [Settings] };
  }
}
