package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// slowLatency of a key that starts with `slow-` is longer than any caller waits.
const slowLatency = 5 * time.Second

// epoch is the time between two resets: what the API does, and the requests to /value that came.
type epoch struct {
	behaviour behaviour
	hits      atomic.Uint64
	inFlight  atomic.Int64
	peak      atomic.Int64
}

// enter counts a request and returns its number, from 1.
func (e *epoch) enter() uint64 {
	inFlight := e.inFlight.Add(1)
	for peak := e.peak.Load(); inFlight > peak; peak = e.peak.Load() {
		if e.peak.CompareAndSwap(peak, inFlight) {
			break
		}
	}
	return e.hits.Add(1)
}

func (e *epoch) leave() { e.inFlight.Add(-1) }

// upstream is the API. A reset replaces the epoch; requests in flight end in the one that they entered.
type upstream struct {
	initial behaviour
	epoch   atomic.Pointer[epoch]
}

func newUpstream(behaviour behaviour) *upstream {
	u := upstream{initial: behaviour}
	u.epoch.Store(&epoch{behaviour: behaviour})
	return &u
}

func (u *upstream) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /value", u.value)
	mux.HandleFunc("GET /hits", u.hits)
	mux.HandleFunc("POST /reset", u.reset)
	return mux
}

type valueAnswer struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (u *upstream) value(w http.ResponseWriter, r *http.Request) {
	epoch := u.epoch.Load()
	number := epoch.enter()
	defer epoch.leave()

	key := r.FormValue("key")
	latency := epoch.behaviour.latency(number)
	if strings.HasPrefix(key, "slow-") {
		latency = slowLatency
	}
	if !wait(r.Context(), latency) {
		return
	}
	switch {
	case key == "":
		http.Error(w, "the parameter key is missing", http.StatusBadRequest)
	case strings.HasPrefix(key, "fail-"), epoch.behaviour.fails(number):
		http.Error(w, "simulated failure", http.StatusInternalServerError)
	case strings.HasPrefix(key, "garbage-"):
		io.WriteString(w, "this is no JSON")
	default:
		answer(w, valueAnswer{Key: key, Value: epoch.behaviour.value(key)})
	}
}

// wait reports whether the caller is still there after the latency.
func wait(ctx context.Context, latency time.Duration) bool {
	if latency <= 0 {
		return true
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

type hitsAnswer struct {
	Hits         uint64 `json:"hits"`
	PeakInFlight int64  `json:"peak_in_flight"`
}

func (u *upstream) hits(w http.ResponseWriter, _ *http.Request) {
	epoch := u.epoch.Load()
	answer(w, hitsAnswer{Hits: epoch.hits.Load(), PeakInFlight: epoch.peak.Load()})
}

// reset starts a new epoch. A body sets the behaviour: what it names, and all else as it was at the program's start, so that
// nothing is left of what another caller set. Without one the behaviour stays.
func (u *upstream) reset(w http.ResponseWriter, r *http.Request) {
	behaviour := u.initial
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	switch err := decoder.Decode(&behaviour); {
	case errors.Is(err, io.EOF):
		behaviour = u.epoch.Load().behaviour
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := behaviour.validate(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	u.epoch.Store(&epoch{behaviour: behaviour})
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body)
}
