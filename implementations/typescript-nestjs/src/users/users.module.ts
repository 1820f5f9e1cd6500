/** `/users` and what they need. */

import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { UsersController } from './users.controller.js';
import { UserStore } from './users.store.js';

@Module({ imports: [DatabaseModule], controllers: [UsersController], providers: [UserStore] })
export class UsersModule {}
