// Command server serves the benchmark-lab reference API.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// shutdownTimeout leaves room to exit within the five seconds that a server has after SIGTERM.
const shutdownTimeout = 4 * time.Second

func main() {
	if err := run(); err != nil {
		slog.Error("server ended", "error", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or until listening fails. The pool is opened before it listens, and closed last.
func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()

	settings, err := readSettings()
	if err != nil {
		return err
	}
	if settings.workers != 1 {
		return fmt.Errorf("the server is one process: WORKERS must be 1, not %d", settings.workers)
	}
	// What goes wrong is told on standard error; standard output is the request log's.
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: settings.logLevel})))

	server := &http.Server{
		Addr:              settings.address(),
		Handler:           newApp(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       75 * time.Second,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), shutdownTimeout) // ctx has ended already
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("finish open requests: %w", errors.Join(err, server.Close()))
	}
	return nil
}
