// Command server serves the benchmark-lab reference API with Fiber: `server fiber` as one process,
// `server prefork` as a parent with WORKERS children.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v3"
)

// shutdownTimeout leaves room to exit within the five seconds that a server has after SIGTERM.
const shutdownTimeout = 4 * time.Second

func main() {
	// What goes wrong is told on standard error; standard output carries the request log alone.
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	if err := run(os.Args[1:]); err != nil {
		slog.Error("server ended", "error", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	settings, err := readSettings()
	if err != nil {
		return err
	}
	if len(arguments) != 1 {
		return errors.New("usage: server fiber|prefork")
	}
	switch server := arguments[0]; {
	case server == "fiber" && settings.Workers != 1:
		return fmt.Errorf("the fiber server is one process: WORKERS must be 1, not %d", settings.Workers)
	case server == "fiber":
		return serve(ctx, settings, fiber.ListenConfig{})
	case server == "prefork" && fiber.IsChild():
		return serve(ctx, settings, fiber.ListenConfig{EnablePrefork: true})
	case server == "prefork":
		return supervise(ctx, settings.Workers)
	default:
		return fmt.Errorf("there is no server %q: choose fiber or prefork", server)
	}
}

// serve answers requests until ctx ends or listening fails.
func serve(ctx context.Context, settings settings, config fiber.ListenConfig) error {
	pool, err := openPool(ctx, settings.DatabaseURL, settings.poolSize())
	if err != nil {
		return err
	}
	app := newApp(settings, pool, newRequestLog(os.Stdout, settings.LogLevel))

	config.DisableStartupMessage = true
	ended := make(chan error, 1)
	go func() { ended <- app.Listen(settings.address(), config) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	if err := app.ShutdownWithTimeout(shutdownTimeout); err != nil {
		return fmt.Errorf("finish open requests: %w", err)
	}
	pool.Close()
	return nil
}
