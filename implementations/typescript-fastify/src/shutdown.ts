/** How a process learns that it shall end, and ends without cutting off what it is answering. */
import type { Server } from 'node:http';

/** Leaves room to exit within the five seconds that a server has after SIGTERM. */
export const SHUTDOWN_TIMEOUT_MS = 4000;

const SWEEP_MS = 50;

/** Resolves at SIGTERM or SIGINT. */
export function terminated(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'])
      process.once(signal, () => {
        resolve();
      });
  });
}

/** Waits until a server that accepts no longer is `closed`; connections are closed as soon as they are idle. */
export async function drain(server: Server, closed: Promise<unknown>): Promise<void> {
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const deadline = setTimeout(() => {
    server.closeAllConnections();
  }, SHUTDOWN_TIMEOUT_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}
