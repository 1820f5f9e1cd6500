/** Joins the routes of the API to what they need. */
import { METHODS } from 'node:http';

import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';

import { echoRoute } from './echo.js';
import { externalRoute } from './external.js';
import { healthRoute } from './health.js';
import { acceptJson } from './json.js';
import { answerProblem, Problem } from './problem.js';
import { protectedRoute } from './protected.js';
import type { Settings } from './settings.js';
import type { UserStore } from './store.js';
import { uploadRoute } from './upload.js';
import type { Upstream } from './upstream.js';
import { userRoutes } from './users.js';
import { compileValidator } from './validation.js';

export type Connections = { users: UserStore; upstream: Upstream };

/** Kept-alive connections outlast a proxy's idle ones. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** 100 MiB over a slow line. */
const REQUEST_TIMEOUT_MS = 300_000;
/** As much as Node takes of a request's head: a long id is an invalid one, not an unknown path. */
const MAX_PARAM_LENGTH = 16_384;

export function createApp(settings: Settings, { users, upstream }: Connections, log: FastifyBaseLogger): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (parent) => parent, // the line of /protected has its own fields alone
    exposeHeadRoutes: false, // HEAD is another method
    return503OnClosing: false, // what arrives before the end is answered
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, request, reply) => {
      void answerProblem(error, request, reply);
    },
  });
  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler(refusePath);
  // Bodies are read by the routes that take one: an unknown path is 404 whatever is sent to it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null);
  });

  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
  app.all('/users/', refusePath); // else `/users/:id` would take it for an empty id
  const allowed = gatherMethods(app);
  app.register(healthRoute);
  app.register((scope, _options, done) => {
    acceptJson(scope);
    scope.register(echoRoute);
    scope.register(userRoutes, { users });
    done();
  });
  app.register(externalRoute, { upstream });
  app.register(protectedRoute, { settings });
  app.register(uploadRoute);
  app.register((scope, _options, done) => {
    refuseOtherMethods(scope, allowed);
    done();
  });
  return app;
}

function refusePath(): never {
  throw new Problem(404, 'There is nothing at this path.');
}

/** The methods of each path, as its routes are added. */
function gatherMethods(app: FastifyInstance): Map<string, string[]> {
  const allowed = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    allowed.set(url, [...(allowed.get(url) ?? []), method].flat());
  });
  return allowed;
}

/** Answers 405 to all other methods of the paths; Fastify itself would answer 404. */
function refuseOtherMethods(app: FastifyInstance, allowed: Map<string, string[]>): void {
  for (const [url, methods] of [...allowed]) {
    app.route({
      method: app.supportedMethods.filter((method) => !methods.includes(method)),
      url,
      handler: (_request, reply) => {
        reply.header('Allow', methods.join(', '));
        throw new Problem(405, 'This path does not serve this method.');
      },
    });
  }
}
