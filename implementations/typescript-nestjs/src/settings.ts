/** Turns the process's environment into typed settings. */

import { plainToInstance } from 'class-transformer';
import { IsIn, IsNotEmpty, validateSync } from 'class-validator';
import { IntegerText } from './validation/rules.js';

const MOST_WORKERS = 4096;
const LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const;

/** Everything that a server reads from its environment, under the names of the variables. */
export class Settings {
  @IsNotEmpty() readonly HOST!: string;
  @IntegerText(1, 65_535) readonly PORT!: number;
  @IntegerText(1, MOST_WORKERS) readonly WORKERS!: number;
  @IsNotEmpty() readonly DATABASE_URL!: string;
  @IntegerText(1, 1_000_000) readonly DB_POOL_TOTAL!: number;
  @IsNotEmpty() readonly UPSTREAM_URL!: string;
  @IsNotEmpty() readonly JWT_SECRET!: string;
  @IsNotEmpty() readonly JWT_AUDIENCE!: string;
  @IsIn(LOG_LEVELS) readonly LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';
  @IntegerText(0, 1000) readonly MIDDLEWARE_DEPTH: number = 0;

  /** Database connections of one process. */
  get poolSize(): number {
    return Math.max(1, Math.floor(this.DB_POOL_TOTAL / this.WORKERS));
  }
}

/** An Error names every variable that is wrong, and no value. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const settings = plainToInstance(Settings, environment);
  const errors = validateSync(settings, { whitelist: true, stopAtFirstError: true });
  if (errors.length > 0) {
    throw new Error(errors.flatMap((error) => Object.values(error.constraints ?? {})).join('; '));
  }
  return settings;
}
