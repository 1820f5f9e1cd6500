// Command upstream simulates the external API that implementations of the reference API call.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

// shutdownTimeout bounds the wait for answers in progress; slow ones take longer and are cut off.
const shutdownTimeout = time.Second

func main() {
	listen := flag.String("listen", "127.0.0.1:8900", "`HOST:PORT` to listen on")
	var behaviour behaviour
	flag.Uint64Var(&behaviour.Seed, "seed", 1, "seed of values, latencies and failures")
	latency := flag.Duration("latency", 0, "mean latency of an answer")
	flag.StringVar(&behaviour.Distribution, "distribution", constant, "of the latency: constant or lognormal")
	flag.Float64Var(&behaviour.Sigma, "sigma", 0.5, "shape of the lognormal distribution")
	flag.Float64Var(&behaviour.FailureRate, "failure-rate", 0, "share of requests that answer 500, 0 to 1")
	flag.Parse()
	behaviour.LatencyMS = float64(*latency) / float64(time.Millisecond)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *listen, behaviour); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string, behaviour behaviour) error {
	if err := behaviour.validate(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log.Printf("listening on %s", listener.Addr())
	return serve(ctx, listener, behaviour)
}

// serve answers requests until ctx ends or the listener fails.
func serve(ctx context.Context, listener net.Listener, behaviour behaviour) error {
	server := &http.Server{Handler: newUpstream(behaviour).routes(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// Not ctx: it has ended already.
	grace, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return server.Close()
}
