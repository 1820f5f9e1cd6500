package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// openPool connects a pool of exactly size connections; it fails without a database.
func openPool(ctx context.Context, url string, size int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MinConns, config.MaxConns = int32(size), int32(size)
	config.AfterConnect = readTimesAsUTC

	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := acquireAll(ctx, pool, size); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	return pool, nil
}

func readTimesAsUTC(_ context.Context, connection *pgx.Conn) error {
	codec := &pgtype.TimestamptzCodec{ScanLocation: time.UTC}
	connection.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: codec})
	return nil
}

// acquireAll returns once the pool has opened all of its connections: pgxpool opens them in the background.
func acquireAll(ctx context.Context, pool *pgxpool.Pool, size int) error {
	connections := make([]*pgxpool.Conn, size)
	group, ctx := errgroup.WithContext(ctx)
	for i := range connections {
		group.Go(func() (err error) {
			connections[i], err = pool.Acquire(ctx)
			return err
		})
	}
	err := group.Wait()
	for _, connection := range connections {
		if connection != nil {
			connection.Release()
		}
	}
	return err
}
