package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"strconv"
)

// settings is everything that a server reads from its environment.
type settings struct {
	host            string
	port            int
	workers         int
	databaseURL     string
	poolTotal       int
	upstreamURL     string
	jwtSecret       string
	jwtAudience     string
	logLevel        slog.Level
	middlewareDepth int
}

// readSettings names every variable that is missing or wrong; it repeats no value, which may be a secret.
func readSettings() (settings, error) {
	var wrong []error
	text := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			wrong = append(wrong, fmt.Errorf("the environment has no %s", name))
		}
		return value
	}
	integer := func(name, absent string, least, most int) int {
		value, err := strconv.Atoi(cmp.Or(os.Getenv(name), absent))
		if err != nil || value < least || value > most {
			wrong = append(wrong, fmt.Errorf("%s must be an integer from %d to %d", name, least, most))
		}
		return value
	}
	level := func(name string) slog.Level {
		levels := map[string]slog.Level{
			"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError,
		}
		value, known := levels[cmp.Or(os.Getenv(name), "info")]
		if !known {
			wrong = append(wrong, fmt.Errorf("%s must be debug, info, warning or error", name))
		}
		return value
	}
	read := settings{
		host:            text("HOST"),
		port:            integer("PORT", "", 0, math.MaxUint16),
		workers:         integer("WORKERS", "", 1, math.MaxInt32),
		databaseURL:     text("DATABASE_URL"),
		poolTotal:       integer("DB_POOL_TOTAL", "", 1, math.MaxInt32),
		upstreamURL:     text("UPSTREAM_URL"),
		jwtSecret:       text("JWT_SECRET"),
		jwtAudience:     text("JWT_AUDIENCE"),
		logLevel:        level("LOG_LEVEL"),
		middlewareDepth: integer("MIDDLEWARE_DEPTH", "0", 0, math.MaxInt32),
	}
	return read, errors.Join(wrong...)
}

func (s settings) address() string {
	return net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// poolSize is the number of database connections of one process.
func (s settings) poolSize() int {
	return max(1, s.poolTotal/s.workers)
}
