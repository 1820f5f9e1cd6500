package main

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"

	"github.com/caarlos0/env/v11"
)

// settings is everything that a server reads from its environment.
type settings struct {
	Host            string   `env:"HOST,required,notEmpty"`
	Port            uint16   `env:"PORT,required"`
	Workers         int      `env:"WORKERS,required"`
	DatabaseURL     string   `env:"DATABASE_URL,required,notEmpty"`
	PoolTotal       int      `env:"DB_POOL_TOTAL,required"`
	UpstreamURL     string   `env:"UPSTREAM_URL,required,notEmpty"`
	JWTSecret       string   `env:"JWT_SECRET,required,notEmpty"`
	JWTAudience     string   `env:"JWT_AUDIENCE,required,notEmpty"`
	LogLevel        logLevel `env:"LOG_LEVEL" envDefault:"info"`
	MiddlewareDepth int      `env:"MIDDLEWARE_DEPTH" envDefault:"0"`
}

func readSettings() (settings, error) {
	read, err := env.ParseAs[settings]()
	switch {
	case err != nil:
		return read, err
	case read.Workers < 1:
		return read, fmt.Errorf("WORKERS must be at least 1, not %d", read.Workers)
	case read.PoolTotal < 1:
		return read, fmt.Errorf("DB_POOL_TOTAL must be at least 1, not %d", read.PoolTotal)
	case read.MiddlewareDepth < 0:
		return read, fmt.Errorf("MIDDLEWARE_DEPTH must be at least 0, not %d", read.MiddlewareDepth)
	}
	return read, nil
}

func (s settings) address() string {
	return net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port)))
}

// poolSize is the number of database connections of one process.
func (s settings) poolSize() int {
	return max(1, s.PoolTotal/s.Workers)
}

// logLevel is a slog.Level that is written debug, info, warning or error.
type logLevel slog.Level

func (l *logLevel) UnmarshalText(text []byte) error {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError,
	}
	level, known := levels[string(text)]
	if !known {
		return fmt.Errorf("%q is no log level: choose debug, info, warning or error", text)
	}
	*l = logLevel(level)
	return nil
}
