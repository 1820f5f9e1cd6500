/** `/users`: pages, single users, and writes that leave an audit event in the same transaction. */

import { Body, Controller, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { AdapterReply } from '../http/message.js';
import { UserIdPipe } from './user-id.pipe.js';
import { type User, UserInput, type UserPage, UsersQuery } from './users.dto.js';
import { UserStore } from './users.store.js';
import { exactly } from './wide-id.js';

/** Nest's reply, to which a handler adds headers; Nest still writes what the handler returns. */
const Reply = (): ParameterDecorator => Res({ passthrough: true });

@Controller('users')
export class UsersController {
  constructor(private readonly users: UserStore) {}

  @Get()
  async list(@Query() { limit, offset }: UsersQuery, @Reply() reply: AdapterReply): Promise<UserPage | string> {
    return exactly({ items: await this.users.list(limit, offset), limit, offset }, reply);
  }

  @Get(':id')
  async get(@Param('id', UserIdPipe) id: string, @Reply() reply: AdapterReply): Promise<User | string> {
    return exactly(await this.users.get(id), reply);
  }

  @Post()
  async create(@Body() input: UserInput, @Reply() reply: AdapterReply): Promise<User | string> {
    const user = await this.users.create(input);
    reply.header('Location', `/users/${user.id}`);
    return exactly(user, reply);
  }

  @Put(':id')
  async replace(@Param('id', UserIdPipe) id: string, @Body() input: UserInput, @Reply() reply: AdapterReply): Promise<User | string> {
    return exactly(await this.users.replace(id, input), reply);
  }
}
