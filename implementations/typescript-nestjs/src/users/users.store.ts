/** Users in PostgreSQL. */

import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { DatabaseError, Pool, type QueryConfig } from 'pg';
import { inTransaction } from '../database/transaction.js';
import type { User, UserInput } from './users.dto.js';

// Statements with a name are prepared once on each connection.
const LIST = {
  name: 'list-users',
  text: 'SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT $1 OFFSET $2',
};
const GET = {
  name: 'get-user',
  text: 'SELECT id, email, name, age, active, created_at FROM users WHERE id = $1',
};
const INSERT = {
  name: 'insert-user',
  text: 'INSERT INTO users (email, name, age, active) VALUES ($1, $2, $3, $4) RETURNING id, email, name, age, active, created_at',
};
const UPDATE = {
  name: 'update-user',
  text: 'UPDATE users SET email = $2, name = $3, age = $4, active = $5 WHERE id = $1 RETURNING id, email, name, age, active, created_at',
};
const INSERT_CREATED = { name: 'insert-created', text: "INSERT INTO user_events (user_id, kind) VALUES ($1, 'created')" };
const INSERT_REPLACED = { name: 'insert-replaced', text: "INSERT INTO user_events (user_id, kind) VALUES ($1, 'replaced')" };

@Injectable()
export class UserStore {
  constructor(private readonly pool: Pool) {}

  async list(limit: number, offset: number): Promise<User[]> {
    const { rows } = await this.pool.query<User>(LIST, [limit, offset]);
    return rows;
  }

  async get(id: string): Promise<User> {
    const { rows } = await this.pool.query<User>(GET, [id]);
    return found(rows);
  }

  create({ email, name, age, active }: UserInput): Promise<User> {
    return this.write({ ...INSERT, values: [email, name, age, active] }, INSERT_CREATED);
  }

  replace(id: string, { email, name, age, active }: UserInput): Promise<User> {
    return this.write({ ...UPDATE, values: [id, email, name, age, active] }, INSERT_REPLACED);
  }

  /** Runs a statement that returns the stored user, and adds the event of it in the same transaction. */
  private async write(statement: QueryConfig, event: QueryConfig): Promise<User> {
    try {
      return await inTransaction(this.pool, async (client) => {
        const user = found((await client.query<User>(statement)).rows);
        await client.query({ ...event, values: [user.id] });
        return user;
      });
    } catch (error) {
      if (error instanceof DatabaseError && error.constraint === 'users_email_key') {
        throw new ConflictException('Another user has this email.');
      }
      throw error;
    }
  }
}

function found([user]: User[]): User {
  if (!user) throw new NotFoundException('There is no user with this id.');
  return user;
}
