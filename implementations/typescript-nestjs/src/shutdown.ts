/** Ends a process on SIGTERM without cutting off what it is answering. */

import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';

/** Leaves room to exit within the five seconds that a server has after SIGTERM. */
export const GRACE_MS = 4000;

const SWEEP_MS = 50;

/** Resolves at SIGTERM or SIGINT; later ones are ignored. */
export function terminated(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      process.on(signal, () => {
        resolve();
      });
    }
  });
}

/** Stops accepting, waits for the answers in progress, and closes what the modules hold. */
export async function close(app: INestApplication<Server>): Promise<void> {
  const server = app.getHttpServer();
  server.prependListener('request', (_message, response) => response.setHeader('Connection', 'close'));
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const deadline = setTimeout(() => {
    server.closeAllConnections();
  }, GRACE_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(deadline);
}
