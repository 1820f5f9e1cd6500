/** How a process learns that it shall end, and ends without cutting off what it is answering. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Together they leave room to exit within the five seconds that a server has after SIGTERM. */
const DRAIN_TIMEOUT_MS = 3500;
const CLOSE_TIMEOUT_MS = 500;

/** A process that still runs so long after SIGTERM hangs. */
export const SHUTDOWN_TIMEOUT_MS = DRAIN_TIMEOUT_MS + CLOSE_TIMEOUT_MS + 500;

const SWEEP_MS = 50;

/** Resolves at SIGTERM or SIGINT. */
export async function terminated(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
}

/** Waits until a server that accepts no longer is `closed`; connections are closed as soon as they are idle. */
export async function drain(server: Server, closed: Promise<unknown>): Promise<void> {
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const deadline = setTimeout(() => {
    server.closeAllConnections();
  }, DRAIN_TIMEOUT_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}

/** Waits for connections to close; one that hangs, because its query waits for a lock, ends with the process. */
export async function allClosed(...closing: Promise<void>[]): Promise<void> {
  await Promise.race([Promise.all(closing), sleep(CLOSE_TIMEOUT_MS)]);
}
