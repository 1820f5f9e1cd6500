/** Joins the routes of the API to what they need. */
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';

import { authenticate, counting, identify, logAnswers } from './chain.js';
import { postEcho } from './echo.js';
import { getExternal } from './external.js';
import { getHealth } from './health.js';
import { jsonBody } from './json.js';
import { answerProblems, Problem } from './problem.js';
import { getProtected } from './protected.js';
import type { Settings } from './settings.js';
import type { UserStore } from './store.js';
import { postUpload } from './upload.js';
import type { Upstream } from './upstream.js';
import { userHandlers } from './users.js';

export type Connections = { users: UserStore; upstream: Upstream };

export function createApp(settings: Settings, connections: Connections, log: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');

  const users = userHandlers(connections.users);
  const chain = [identify, logAnswers(log), ...counting(settings.middlewareDepth), authenticate(settings.jwtSecret, settings.jwtAudience)];

  // Without handlers of its own, HEAD would be answered by those of GET.
  const getOnly = refuseAllBut('GET');
  app.route('/health').head(getOnly).get(getHealth).all(getOnly);
  app.route('/external').head(getOnly).get(getExternal(connections.upstream)).all(getOnly);
  app
    .route('/protected')
    .head(getOnly)
    .get(...chain, getProtected)
    .all(getOnly);

  const postOnly = refuseAllBut('POST');
  app
    .route('/echo')
    .post(...jsonBody, postEcho)
    .all(postOnly);
  app.route('/upload').post(postUpload).all(postOnly);

  const getOrPost = refuseAllBut('GET', 'POST');
  app
    .route('/users')
    .head(getOrPost)
    .get(users.list)
    .post(...jsonBody, users.create)
    .all(getOrPost);
  const getOrPut = refuseAllBut('GET', 'PUT');
  app
    .route('/users/:id')
    .head(getOrPut)
    .get(users.get)
    .put(...jsonBody, users.replace)
    .all(getOrPut);

  app.use(() => {
    throw new Problem(404, 'There is nothing at this path.');
  });
  app.use(answerProblems(log));
  return app;
}

function refuseAllBut(...methods: string[]): RequestHandler {
  return (_request, response) => {
    response.set('Allow', methods.join(', '));
    throw new Problem(405, 'This path does not serve this method.');
  };
}
