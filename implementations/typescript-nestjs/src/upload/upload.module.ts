/** `/upload`, where bodies are multipart. */

import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { requireMultipart } from './multipart.middleware.js';
import { UploadController } from './upload.controller.js';

@Module({ controllers: [UploadController] })
export class UploadModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(requireMultipart).forRoutes(UploadController);
  }
}
