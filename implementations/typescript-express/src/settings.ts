/** Turns the process's environment into typed settings. */
import { z } from 'zod';

export type Settings = {
  host: string;
  port: number;
  workers: number;
  databaseUrl: string;
  /** Connections of one process. */
  poolSize: number;
  upstreamUrl: string;
  jwtSecret: string;
  jwtAudience: string;
  logLevel: LogLevel;
  middlewareDepth: number;
};

export type LogLevel = z.output<typeof logLevel>;

const logLevel = z.enum(['debug', 'info', 'warning', 'error']);
const text = z.string().min(1);
const integer = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.string().regex(/^\d+$/, 'must be an integer').transform(Number).pipe(z.int().min(least).max(most));

const environmentSchema = z.object({
  HOST: text,
  PORT: integer(0, 65_535),
  WORKERS: integer(1),
  DATABASE_URL: text,
  DB_POOL_TOTAL: integer(1),
  UPSTREAM_URL: z.url(),
  JWT_SECRET: text,
  JWT_AUDIENCE: text,
  LOG_LEVEL: logLevel.default('info'),
  MIDDLEWARE_DEPTH: integer(0).default(0),
});

/** The settings, or an error that names each variable that is wrong but repeats no value. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const read = environmentSchema.safeParse(environment);
  if (!read.success) throw new Error(`The environment is wrong:\n${z.prettifyError(read.error)}`);
  const { data } = read;
  return {
    host: data.HOST,
    port: data.PORT,
    workers: data.WORKERS,
    databaseUrl: data.DATABASE_URL,
    poolSize: Math.max(1, Math.floor(data.DB_POOL_TOTAL / data.WORKERS)),
    upstreamUrl: data.UPSTREAM_URL,
    jwtSecret: data.JWT_SECRET,
    jwtAudience: data.JWT_AUDIENCE,
    logLevel: data.LOG_LEVEL,
    middlewareDepth: data.MIDDLEWARE_DEPTH,
  };
}
