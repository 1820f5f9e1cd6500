/** Keeps users in PostgreSQL, with an event for each write in the same transaction. */
import { DatabaseError, type Pool, type QueryConfig } from 'pg';

export type User = { id: number; email: string; name: string; age: number; active: boolean; created_at: string };
export type UserInput = Pick<User, 'email' | 'name' | 'age' | 'active'>;

/** Another user has the email. */
export class EmailTakenError extends Error {}

// A statement with a name is prepared once a connection.
const LIST_USERS = {
  name: 'list-users',
  text: 'SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT $1 OFFSET $2',
};
const GET_USER = {
  name: 'get-user',
  text: 'SELECT id, email, name, age, active, created_at FROM users WHERE id = $1',
};
const INSERT_USER = {
  name: 'insert-user',
  text: `INSERT INTO users (email, name, age, active) VALUES ($1, $2, $3, $4)
RETURNING id, email, name, age, active, created_at`,
};
const UPDATE_USER = {
  name: 'update-user',
  text: `UPDATE users SET email = $2, name = $3, age = $4, active = $5 WHERE id = $1
RETURNING id, email, name, age, active, created_at`,
};
const INSERT_CREATED = { name: 'insert-created', text: "INSERT INTO user_events (user_id, kind) VALUES ($1, 'created')" };
const INSERT_REPLACED = { name: 'insert-replaced', text: "INSERT INTO user_events (user_id, kind) VALUES ($1, 'replaced')" };

const UNIQUE_VIOLATION = '23505';

/** Ids are text: a number holds them only up to 2^53. */
export class UserStore {
  constructor(private readonly pool: Pool) {}

  async list(limit: number, offset: number): Promise<User[]> {
    const { rows } = await this.pool.query<User>({ ...LIST_USERS, values: [limit, offset] });
    return rows;
  }

  async get(id: string): Promise<User | undefined> {
    const { rows } = await this.pool.query<User>({ ...GET_USER, values: [id] });
    return rows[0];
  }

  /** The stored user. */
  async create({ email, name, age, active }: UserInput): Promise<User> {
    const user = await this.write({ ...INSERT_USER, values: [email, name, age, active] }, INSERT_CREATED);
    if (user === undefined) throw new Error('INSERT returned no row');
    return user;
  }

  /** The user as stored now, or undefined where there is none. */
  async replace(id: string, { email, name, age, active }: UserInput): Promise<User | undefined> {
    return this.write({ ...UPDATE_USER, values: [id, email, name, age, active] }, INSERT_REPLACED);
  }

  private async write(statement: QueryConfig, event: QueryConfig): Promise<User | undefined> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const { rows } = await client.query<User>(statement);
      const user = rows[0];
      if (user !== undefined) await client.query({ ...event, values: [user.id] });
      await client.query('COMMIT');
      return user;
    } catch (error) {
      await client.query('ROLLBACK');
      if (error instanceof DatabaseError && error.code === UNIQUE_VIOLATION) throw new EmailTakenError();
      throw error;
    } finally {
      client.release();
    }
  }
}
