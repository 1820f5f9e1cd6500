/** `POST /echo`: typed items in, the same items with their count and total out. */

import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { EchoRequest, type EchoResponse } from './echo.dto.js';

@Controller('echo')
export class EchoController {
  @Post()
  @HttpCode(200)
  post(@Body() { items }: EchoRequest): EchoResponse {
    return { items, count: items.length, total: items.reduce((total, { price, quantity }) => total + price * quantity, 0) };
  }
}
