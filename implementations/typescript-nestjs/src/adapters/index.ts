/** The HTTP frameworks that Nest runs on, by the name on the command line. */

import { expressAdapter } from './express.js';
import { fastifyAdapter } from './fastify.js';

export const adapters = { express: expressAdapter, fastify: fastifyAdapter };

export type AdapterName = keyof typeof adapters;

export function isAdapterName(name: string): name is AdapterName {
  return Object.hasOwn(adapters, name);
}
