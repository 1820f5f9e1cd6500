/** `/users`: pages, single users, and writes that leave an audit event in the same transaction. */

import { Body, Controller, Get, Param, Post, Put, Query, Res, UseInterceptors } from '@nestjs/common';
import type { AdapterReply } from '../http/message.js';
import { UserIdPipe } from './user-id.pipe.js';
import { type User, UserInput, type UserPage, UsersQuery } from './users.dto.js';
import { UserStore } from './users.store.js';
import { WideIdInterceptor } from './wide-id.interceptor.js';

@Controller('users')
@UseInterceptors(WideIdInterceptor)
export class UsersController {
  constructor(private readonly users: UserStore) {}

  @Get()
  async list(@Query() { limit, offset }: UsersQuery): Promise<UserPage> {
    return { items: await this.users.list(limit, offset), limit, offset };
  }

  @Get(':id')
  get(@Param('id', UserIdPipe) id: string): Promise<User> {
    return this.users.get(id);
  }

  @Post()
  async create(@Body() input: UserInput, @Res({ passthrough: true }) reply: AdapterReply): Promise<User> {
    const user = await this.users.create(input);
    reply.header('Location', `/users/${user.id}`);
    return user;
  }

  @Put(':id')
  replace(@Param('id', UserIdPipe) id: string, @Body() input: UserInput): Promise<User> {
    return this.users.replace(id, input);
  }
}
