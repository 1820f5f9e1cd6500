/** `POST /upload`: a multipart body parsed and hashed as it arrives. */
import { createHash } from 'node:crypto';

import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import type { Request, RequestHandler } from 'express';

import { Problem, unprocessable } from './problem.js';

export const MAX_FILE_BYTES = 104_857_600;

type Upload = { size: number; sha256: string };

export const postUpload: RequestHandler = async (request, response) => {
  if (!request.is('multipart/form-data')) throw new Problem(415, 'The body must be multipart/form-data.');
  response.json(await digestFile(request, openParser(request)));
};

function openParser(request: Request): BusboyInstance {
  try {
    return new Busboy({
      headers: request.headers as BusboyHeaders, // request.is has seen a Content-Type
      limits: { fileSize: MAX_FILE_BYTES },
      isPartAFile: () => true, // parts without a file name are streamed too
    });
  } catch {
    throw new Problem(400, 'The multipart body has no valid boundary.');
  }
}

/** Hashes the first part named `file`; the other parts are read away. */
function digestFile(request: Request, parser: BusboyInstance): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const refuse = (problem: Problem): void => {
      request.unpipe(parser);
      reject(problem);
    };
    const refuseBroken = (): void => {
      refuse(new Problem(400, 'The multipart body is broken.'));
    };
    let found = false;
    let upload: Upload | undefined;

    parser.on('file', (name, file) => {
      file.on('error', refuseBroken);
      if (name !== 'file' || found) {
        file.resume();
        return;
      }
      found = true;
      const hash = createHash('sha256');
      file.on('data', (chunk: Buffer) => hash.update(chunk));
      file.on('limit', () => {
        refuse(new Problem(413, `The file is larger than ${MAX_FILE_BYTES} bytes.`));
      });
      file.on('end', () => {
        upload = { size: file.bytesRead, sha256: hash.digest('hex') };
      });
    });
    parser.on('finish', () => {
      if (upload !== undefined) resolve(upload);
      else refuse(unprocessable([{ field: 'file', message: 'must be a part of the body' }]));
    });
    parser.on('error', refuseBroken);
    request.on('error', refuseBroken);
    request.pipe(parser);
  });
}
