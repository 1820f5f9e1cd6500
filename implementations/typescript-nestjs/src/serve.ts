/** Serves the API in this process. */

import type { Server } from 'node:http';
import { ConsoleLogger, type INestApplication, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type AdapterName, adapters } from './adapters/index.js';
import { AppModule } from './app.module.js';
import { othersReady } from './cluster.js';
import type { Settings } from './settings.js';
import { close, terminated } from './shutdown.js';

const KEEP_ALIVE_MS = 75_000;
const LONGEST_REQUEST_MS = 300_000;

/** The adapters bring their parsers of bodies; Nest's log says on standard error what went wrong, and nothing else. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares options as a class
export const APP_OPTIONS: NestApplicationOptions = {
  bodyParser: false,
  logger: new ConsoleLogger({ json: true, logLevels: ['error'] }),
};

/** Serves until SIGTERM; without a database it ends the process with an error. */
export async function serve(settings: Settings, adapter: AdapterName): Promise<void> {
  const app = await NestFactory.create<INestApplication<Server>>(AppModule.with(settings), adapters[adapter](), APP_OPTIONS);
  const server = app.getHttpServer();
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = LONGEST_REQUEST_MS;

  await othersReady();
  const end = terminated();
  await app.listen(settings.PORT, settings.HOST);
  await end;
  await close(app);
}
