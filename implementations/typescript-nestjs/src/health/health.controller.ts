/** `GET /health`: whether this process serves. */

import { Controller, Get } from '@nestjs/common';

type Health = { status: 'ok' };

@Controller('health')
export class HealthController {
  @Get()
  get(): Health {
    return { status: 'ok' };
  }
}
