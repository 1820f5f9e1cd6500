/** Fastify as the API needs it: multipart bodies stay streams, every other body is JSON. */

import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readAway } from '../http/message.js';
import { sendProblem } from '../http/problem.js';
import { JSON_LIMIT_BYTES, requireUtf8 } from './json.js';

const LONGEST_PATH = 16_384; // Node's limit for all headers

export function fastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: JSON_LIMIT_BYTES,
    routerOptions: { maxParamLength: LONGEST_PATH }, // a long id is an invalid one, not an unknown path
    exposeHeadRoutes: false, // HEAD is another method
    return503OnClosing: false, // what has arrived is answered
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void readAway(request.raw).then(() => sendProblem(reply, error));
    },
  });
  const instance = adapter.getInstance();
  const parseJson = instance.getDefaultJsonParser('ignore', 'ignore');
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('multipart/form-data', (_request, _payload, done) => {
    done(null);
  });
  instance.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      requireUtf8(body);
    } catch (error) {
      done(error as Error); // requireUtf8 throws nothing else
      return;
    }
    void parseJson(request, body.toString(), done);
  });
  return adapter;
}
