// Command queue answers GET /health as an M/M/c queue would, so that its response times are known analytically.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "`HOST:PORT` to listen on")
	servers := flag.Int("servers", 1, "requests that are served at a time")
	mean := flag.Duration("mean-service", 5*time.Millisecond, "mean of the service times")
	seed := flag.Uint64("seed", 1, "seed of the service times")
	flag.Parse()
	if *servers < 1 || *mean <= 0 {
		log.Fatal("servers and mean-service must be positive")
	}

	queue := newQueue(*servers, *mean, *seed)
	http.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Until(queue.departure(time.Now())))
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"status":"ok"}`)
	})
	log.Fatal(http.ListenAndServe(*listen, nil))
}
