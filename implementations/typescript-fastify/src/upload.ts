/** `POST /upload`: a multipart body parsed and hashed as it arrives. */
import { createHash } from 'node:crypto';

import multipart from '@fastify/multipart';
import { Type, type FastifyPluginCallbackTypebox, type Static } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';

import { Problem, unprocessable } from './problem.js';

export const MAX_FILE_BYTES = 104_857_600;

const Upload = Type.Object({ size: Type.Integer(), sha256: Type.String() });
type Upload = Static<typeof Upload>;

export const uploadRoute: FastifyPluginCallbackTypebox = (app, _options, done) => {
  app.removeAllContentTypeParsers(); // all but the plugin's is 415
  app.register(multipart, {
    limits: { fileSize: MAX_FILE_BYTES },
    isPartAFile: () => true, // parts without a file name are streamed too
  });
  app.post('/upload', { schema: { response: { 200: Upload } } }, async (request) => {
    if (!request.isMultipart()) throw new Problem(415, 'The body must be multipart/form-data.');
    const upload = await digestFile(request).catch((error: unknown) => {
      if (error instanceof app.multipartErrors.RequestFileTooLargeError) throw error;
      throw new Problem(400, 'The multipart body is broken.');
    });
    return upload ?? refuseMissing();
  });
  done();
};

/** Hashes the first part named `file`; the other parts are read away. */
async function digestFile(request: FastifyRequest): Promise<Upload | undefined> {
  let upload: Upload | undefined;
  for await (const { fieldname, file } of request.files()) {
    if (fieldname !== 'file' || upload !== undefined) {
      file.resume();
      continue;
    }
    const hash = createHash('sha256');
    for await (const chunk of file) hash.update(chunk as Buffer);
    upload = { size: file.bytesRead, sha256: hash.digest('hex') };
  }
  // The plugin takes an empty body for a form without parts.
  if (!request.raw.readableDidRead) throw new Error('The body is empty.');
  return upload;
}

function refuseMissing(): never {
  throw unprocessable([{ field: 'file', message: 'must be a part of the body' }]);
}
