/** Provides the pool of this process, open before the server listens and closed behind it. */

import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { Pool } from 'pg';
import { Settings } from '../settings.js';
import { openPool } from './pool.js';

@Module({
  providers: [
    {
      provide: Pool,
      inject: [Settings],
      useFactory: (settings: Settings) => openPool(settings.DATABASE_URL, settings.poolSize),
    },
  ],
  exports: [Pool],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(private readonly pool: Pool) {}

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}
