// Command null-server answers every operation of the reference API at once, so that the load generator is the limit.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"os/signal"
	"syscall"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "`HOST:PORT` to listen on")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", listener.Addr())
	if err := serve(ctx, listener); err != nil {
		log.Fatal(err)
	}
}

// serve answers requests until ctx ends or the listener fails. Connections end with the process: there is nothing to finish.
func serve(ctx context.Context, listener net.Listener) error {
	context.AfterFunc(ctx, func() { listener.Close() })
	answers := newAnswers()
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		go func() {
			defer conn.Close()
			converse(conn, answers)
		}()
	}
}
