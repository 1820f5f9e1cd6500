/** `/users`: pages, single users, and writes that leave an audit event in the same transaction. */

import { Body, Controller, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { AdapterReply } from '../http/message.js';
import { UserIdPipe } from './user-id.pipe.js';
import { UserInput, UsersQuery } from './users.dto.js';
import { UserStore } from './users.store.js';
import { answer, type UserAnswer } from './wide-id.js';

/** Nest's reply, to which a handler adds headers; Nest still writes what the handler returns. */
const Reply = (): ParameterDecorator => Res({ passthrough: true });

@Controller('users')
export class UsersController {
  constructor(private readonly users: UserStore) {}

  @Get()
  async list(@Query() { limit, offset }: UsersQuery): Promise<{ items: UserAnswer[]; limit: number; offset: number }> {
    return { items: (await this.users.list(limit, offset)).map(answer), limit, offset };
  }

  @Get(':id')
  async get(@Param('id', UserIdPipe) id: string): Promise<UserAnswer> {
    return answer(await this.users.get(id));
  }

  @Post()
  async create(@Body() input: UserInput, @Reply() reply: AdapterReply): Promise<UserAnswer> {
    const user = await this.users.create(input);
    reply.header('Location', `/users/${user.id}`);
    return answer(user);
  }

  @Put(':id')
  async replace(@Param('id', UserIdPipe) id: string, @Body() input: UserInput): Promise<UserAnswer> {
    return answer(await this.users.replace(id, input));
  }
}
