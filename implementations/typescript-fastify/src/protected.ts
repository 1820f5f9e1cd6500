/** `GET /protected`: a validated query, and what the hooks left behind. */
import jwt from '@fastify/jwt';
import { Type, type FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';

import { authenticate, counting, identify, logAnswer } from './chain.js';
import type { Settings } from './settings.js';
import { integerText } from './validation.js';

const ProtectedQuery = Type.Object({ q: Type.String({ minLength: 1, maxLength: 64 }), page: integerText(1, 1000, 1) });
const Protected = Type.Object({
  subject: Type.String(),
  q: Type.String(),
  page: Type.Integer(),
  request_id: Type.String(),
  middlewares: Type.Array(Type.Integer()),
});

export const protectedRoute: FastifyPluginCallbackTypebox<{ settings: Settings }> = (app, { settings }, done) => {
  app.register(jwt, {
    secret: settings.jwtSecret,
    verify: { algorithms: ['HS256'], allowedAud: settings.jwtAudience, requiredClaims: ['exp', 'sub', 'aud'] },
  });
  app.decorateRequest('trace');
  app.get(
    '/protected',
    {
      schema: { querystring: ProtectedQuery, response: { 200: Protected } },
      onRequest: [identify, ...counting(settings.middlewareDepth), authenticate],
      onResponse: logAnswer,
    },
    (request) => {
      const { q, page } = request.query;
      const { requestId, subject, middlewares } = request.trace;
      return { subject, q, page, request_id: requestId, middlewares };
    },
  );
  done();
};
