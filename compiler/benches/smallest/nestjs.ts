/** The smallest program on NestJS that answers `/health` and `/echo`. */
import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

type Item = { price: number; quantity: number };

@Controller()
class AppController {
  @Get('health')
  health() {
    return { status: 'ok' };
  }

  @Post('echo')
  @HttpCode(200)
  echo(@Body() { items }: { items: Item[] }) {
    return { items, count: items.length, total: items.reduce((total, { price, quantity }) => total + price * quantity, 0) };
  }
}

@Module({ controllers: [AppController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(Number(process.env.PORT), '127.0.0.1');
