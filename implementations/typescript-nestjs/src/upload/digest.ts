/** Digests the file of a multipart body as it arrives. */

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyFileStream, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';
import { InvalidInputException } from '../http/problem.js';

export const FILE_LIMIT_BYTES = 104_857_600;

/** Bytes of a file, and their SHA-256 in lower-case hex. */
export type FileDigest = { size: number; sha256: string };

/** Hashes the first part named `file`; the other parts are read away. */
export async function digestFile(message: IncomingMessage): Promise<FileDigest> {
  const parser = openParser(message);
  try {
    return await parse(message, parser);
  } catch (error) {
    message.unpipe(parser);
    throw error;
  }
}

function parse(message: IncomingMessage, parser: BusboyInstance): Promise<FileDigest> {
  return new Promise((resolve, reject) => {
    const rejectBroken = (): void => {
      reject(new BadRequestException('The multipart body is broken.'));
    };
    let found = false;
    let digest: FileDigest | undefined;

    parser.on('file', (name: string, file: BusboyFileStream) => {
      file.on('error', rejectBroken);
      if (name !== 'file' || found) {
        file.resume();
        return;
      }
      found = true;
      const hash = createHash('sha256');
      file.on('data', (chunk: Buffer) => hash.update(chunk));
      file.on('limit', () => {
        reject(new PayloadTooLargeException(`The file is larger than ${FILE_LIMIT_BYTES} bytes.`));
      });
      file.on('end', () => {
        digest = { size: file.bytesRead, sha256: hash.digest('hex') };
      });
    });
    parser.on('error', rejectBroken);
    parser.on('finish', () => {
      if (digest) resolve(digest);
      else reject(new InvalidInputException([{ field: 'file', message: 'file must be a part of the body' }]));
    });
    message.on('error', rejectBroken); // the client went away
    message.pipe(parser);
  });
}

function openParser(message: IncomingMessage): BusboyInstance {
  try {
    return new Busboy({
      headers: message.headers as BusboyHeaders, // requireMultipart has seen a Content-Type
      limits: { fileSize: FILE_LIMIT_BYTES },
      isPartAFile: () => true, // what is no file would be collected in memory
    });
  } catch {
    throw new BadRequestException('The multipart body has no valid boundary.');
  }
}
