/** Turns the process's environment into typed settings. */
import { Type, type Static } from '@fastify/type-provider-typebox';
import { envSchema } from 'env-schema';

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

export type LogLevel = Static<typeof LogLevel>;

const LogLevel = Type.Enum(['debug', 'info', 'warning', 'error']);
const Text = Type.String({ minLength: 1 });

const Environment = Type.Object({
  HOST: Text,
  PORT: Type.Integer({ minimum: 0, maximum: 65_535 }),
  WORKERS: Type.Integer({ minimum: 1 }),
  DATABASE_URL: Text,
  DB_POOL_TOTAL: Type.Integer({ minimum: 1 }),
  UPSTREAM_URL: Text,
  JWT_SECRET: Text,
  JWT_AUDIENCE: Text,
  LOG_LEVEL: { ...LogLevel, default: 'info' },
  MIDDLEWARE_DEPTH: Type.Integer({ minimum: 0, default: 0 }),
});

/** The settings, or an error that names each variable that is wrong but repeats no value. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const data = envSchema<Static<typeof Environment>>({ schema: Environment, data: environment, env: false });
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
