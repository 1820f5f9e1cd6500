/** `/external` and its upstream. */

import { Module } from '@nestjs/common';
import { ExternalController } from './external.controller.js';
import { Upstream } from './upstream.js';

@Module({ controllers: [ExternalController], providers: [Upstream] })
export class ExternalModule {}
