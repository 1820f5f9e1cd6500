/** `GET /external`: one call of the upstream for each request. */
import { Type, type FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';

import type { Upstream } from './upstream.js';

const ExternalQuery = Type.Object({ key: Type.String({ minLength: 1, maxLength: 64 }) });
const External = Type.Object({ key: Type.String(), value: Type.String() });

export const externalRoute: FastifyPluginCallbackTypebox<{ upstream: Upstream }> = (app, { upstream }, done) => {
  app.get('/external', { schema: { querystring: ExternalQuery, response: { 200: External } } }, async (request) => {
    const { key } = request.query;
    return { key, value: await upstream.value(key) };
  });
  done();
};
