/** Serves the API in this process. */

import type { Server } from 'node:http';
import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AdapterName, adapters } from './adapters/index.js';
import { AppModule } from './app.module.js';
import type { Settings } from './settings.js';
import { close, terminated } from './shutdown.js';

const KEEP_ALIVE_MS = 75_000;
const LONGEST_REQUEST_MS = 300_000;

/** The adapters read bodies themselves; Nest's log says on standard error what went wrong. */
export const APP_OPTIONS: NestApplicationOptions = { bodyParser: false, logger: ['error'] };

/** Serves until SIGTERM; without a database it ends the process with an error. */
export async function serve(settings: Settings, adapter: AdapterName): Promise<void> {
  const app = await NestFactory.create<INestApplication<Server>>(AppModule.with(settings), adapters[adapter](), APP_OPTIONS);
  const server = app.getHttpServer();
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = LONGEST_REQUEST_MS;

  const end = terminated();
  await app.listen(settings.PORT, settings.HOST);
  await end;
  await close(app);
}
