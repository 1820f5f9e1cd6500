/** Turns the process's environment into typed settings. */
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

export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const;

/** The settings, or an error that names the first variable that is wrong but repeats no value. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const text = (name: string, absent = ''): string => {
    const value = environment[name] ?? absent;
    if (value === '') throw new Error(`The environment has no ${name}.`);
    return value;
  };
  const integer = (name: string, least: number, most = Number.MAX_SAFE_INTEGER, absent = ''): number => {
    const value = text(name, absent);
    if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > most) {
      throw new Error(`${name} must be an integer from ${least} to ${most}.`);
    }
    return Number(value);
  };
  const logLevel = LOG_LEVELS.find((level) => level === text('LOG_LEVEL', 'info'));
  if (logLevel === undefined) throw new Error(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}.`);
  const workers = integer('WORKERS', 1);
  return {
    host: text('HOST'),
    port: integer('PORT', 0, 65_535),
    workers,
    databaseUrl: text('DATABASE_URL'),
    poolSize: Math.max(1, Math.floor(integer('DB_POOL_TOTAL', 1) / workers)),
    upstreamUrl: text('UPSTREAM_URL'),
    jwtSecret: text('JWT_SECRET'),
    jwtAudience: text('JWT_AUDIENCE'),
    logLevel,
    middlewareDepth: integer('MIDDLEWARE_DEPTH', 0, Number.MAX_SAFE_INTEGER, '0'),
  };
}
