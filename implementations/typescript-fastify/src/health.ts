/** `GET /health`: whether this process serves. */
import { Type, type FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';

const Health = Type.Object({ status: Type.Literal('ok') });

export const healthRoute: FastifyPluginCallbackTypebox = (app, _options, done) => {
  app.get('/health', { schema: { response: { 200: Health } } }, () => ({ status: 'ok' as const }));
  done();
};
