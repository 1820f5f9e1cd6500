/** `POST /upload`: a multipart body parsed and hashed as it arrives. */

import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { type AdapterRequest, messageOf } from '../http/message.js';
import { digestFile, type FileDigest } from './digest.js';

@Controller('upload')
export class UploadController {
  @Post()
  @HttpCode(200)
  post(@Req() request: AdapterRequest): Promise<FileDigest> {
    return digestFile(messageOf(request));
  }
}
