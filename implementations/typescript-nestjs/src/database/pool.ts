/** A pool of PostgreSQL connections that reads integers and instants without loss. */

import { Logger } from '@nestjs/common';
import { Pool, TypeOverrides, types } from 'pg';

const { INT8, TIMESTAMPTZ } = types.builtins;

/** Opens all connections of the pool, and fails without a database. */
export async function openPool(url: string, size: number): Promise<Pool> {
  const pool = new Pool({
    connectionString: url,
    max: size,
    idleTimeoutMillis: 0, // what is open stays open
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types: exactTypes(),
  });
  // A connection that breaks while it is idle is replaced when it is needed.
  const logger = new Logger('Database');
  pool.on('error', (error) => {
    logger.error(error);
  });
  const clients = await Promise.all(Array.from({ length: size }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
}

/** `pg` would read a bigint as a text and an instant as a Date, which has no microseconds. */
function exactTypes(): TypeOverrides {
  const overrides = new TypeOverrides();
  overrides.setTypeParser(INT8, (digits) => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)));
  // `2026-01-31 12:00:00.123456+00`, the time zone being UTC
  overrides.setTypeParser(TIMESTAMPTZ, (instant) => `${instant.slice(0, 10)}T${instant.slice(11, -3)}Z`);
  return overrides;
}
