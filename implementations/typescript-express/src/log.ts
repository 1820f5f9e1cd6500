/** The log of the API: one JSON line an event on standard output. */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

import type { LogLevel } from './settings.js';

export function createLog(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level: level === 'warning' ? 'warn' : level,
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
