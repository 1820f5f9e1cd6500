package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	listUsers = `SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT $1 OFFSET $2`

	selectUser = `SELECT id, email, name, age, active, created_at FROM users WHERE id = $1`

	insertUser = `INSERT INTO users (email, name, age, active) VALUES ($1, $2, $3, $4)
RETURNING id, email, name, age, active, created_at`

	updateUser = `UPDATE users SET email = $2, name = $3, age = $4, active = $5 WHERE id = $1
RETURNING id, email, name, age, active, created_at`

	insertCreated  = `INSERT INTO user_events (user_id, kind) VALUES ($1, 'created')`
	insertReplaced = `INSERT INTO user_events (user_id, kind) VALUES ($1, 'replaced')`

	uniqueViolation = "23505"
)

var (
	errNoUser     = errors.New("there is no such user")
	errEmailTaken = errors.New("the email is taken")
)

// user is a row of the table users; its fields stand in the order of the statements' columns.
type user struct {
	ID        int64     `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Age       int64     `json:"age"`
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created_at"`
}

// userStore keeps users in PostgreSQL.
type userStore struct {
	pool *pgxpool.Pool
}

func (s userStore) list(ctx context.Context, limit, offset int) ([]user, error) {
	rows, err := s.pool.Query(ctx, listUsers, limit, offset)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[user])
}

func (s userStore) get(ctx context.Context, id int64) (user, error) {
	return queryUser(ctx, s.pool, selectUser, id)
}

func (s userStore) create(ctx context.Context, input userInput) (user, error) {
	return s.write(ctx, insertCreated, insertUser, input.Email, input.Name, input.Age, input.Active)
}

func (s userStore) replace(ctx context.Context, id int64, input userInput) (user, error) {
	return s.write(ctx, insertReplaced, updateUser, id, input.Email, input.Name, input.Age, input.Active)
}

// write runs a statement that returns the stored user, and adds the event of it in the same transaction.
func (s userStore) write(ctx context.Context, event, statement string, arguments ...any) (user, error) {
	var stored user
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if stored, err = queryUser(ctx, tx, statement, arguments...); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, event, stored.ID)
		return err
	})
	return stored, err
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
}

// queryUser runs a statement that returns one user or none.
func queryUser(ctx context.Context, from querier, statement string, arguments ...any) (user, error) {
	rows, err := from.Query(ctx, statement, arguments...)
	if err != nil {
		return user{}, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[user])
	var refused *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return user{}, errNoUser
	case errors.As(err, &refused) && refused.Code == uniqueViolation:
		return user{}, errEmailTaken
	}
	return found, err
}
