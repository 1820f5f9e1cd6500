/** Opens the pool of PostgreSQL connections. */
import { Pool, TypeOverrides, types } from 'pg';
import type { Logger } from 'pino';

const parsers = new TypeOverrides();
parsers.setTypeParser(types.builtins.INT8, Number);
parsers.setTypeParser(types.builtins.TIMESTAMPTZ, asRfc3339);

/** A pool that holds `size` connections, all of them open; it fails without a database. */
export async function openPool(url: string, size: number, log: Logger): Promise<Pool> {
  const pool = new Pool({ connectionString: url, max: size, idleTimeoutMillis: 0, types: parsers });
  pool.on('error', (error) => {
    log.error(error, 'an idle database connection failed');
  });
  try {
    const clients = await Promise.all(Array.from({ length: size }, () => pool.connect()));
    for (const client of clients) client.release();
  } catch (error) {
    throw new Error('The database pool cannot be opened.', { cause: error });
  }
  return pool;
}

/** `2026-01-01 00:01:01.000001+00` as RFC 3339 writes it; a Date would keep milliseconds only. */
function asRfc3339(timestamp: string): string {
  const offsetHasMinutes = timestamp.at(-3) === ':';
  return timestamp.replace(' ', 'T') + (offsetHasMinutes ? '' : ':00');
}
