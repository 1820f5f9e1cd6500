/** Serves the reference API in one process. */
import { serve } from './server.js';
import { readSettings } from './settings.js';

try {
  await serve(readSettings(process.env));
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
