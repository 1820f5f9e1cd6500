package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func startUpstream(t *testing.T, answer http.HandlerFunc) (url string, calls *atomic.Int64) {
	calls = new(atomic.Int64)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(upstream.Close)
	return upstream.URL, calls
}

func TestExternalPassesTheUpstreamsValueOn(t *testing.T) {
	url, calls := startUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"key": "theirs", "value": "v of %s"}`, r.FormValue("key"))
	})
	server := startServer(t, settings{UpstreamURL: url}, nil, io.Discard)
	response, body := server.call("GET", "/external?key=a+b%26c", "")
	server.wantJSON(http.StatusOK, response, body, `{"key":"a b\u0026c","value":"v of a b\u0026c"}`)
	if calls.Load() != 1 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestAnInvalidKeyIsNotSentToTheUpstream(t *testing.T) {
	url, calls := startUpstream(t, func(http.ResponseWriter, *http.Request) {})
	server := startServer(t, settings{UpstreamURL: url}, nil, io.Discard)
	for _, query := range []string{"", "?key=", "?key=" + strings.Repeat("k", 65)} {
		response, body := server.call("GET", "/external"+query, "")
		server.wantProblem(http.StatusUnprocessableEntity, response, body, "key")
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestAFailingUpstreamIsABadGateway(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"status 500":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"status 201":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); fmt.Fprint(w, `{"value":"v"}`) },
		"redirect":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/value", http.StatusFound) },
		"text":            func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "text") },
		"no value":        func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"key":"k"}`) },
		"value no string": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"value":7}`) },
		"breaks off":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			url, calls := startUpstream(t, answer)
			server := startServer(t, settings{UpstreamURL: url}, nil, io.Discard)
			response, body := server.call("GET", "/external?key=k", "")
			server.wantProblem(http.StatusBadGateway, response, body)
			if calls.Load() != 1 {
				t.Errorf("%d calls", calls.Load())
			}
		})
	}
}

func TestAnUnreachableUpstreamIsABadGateway(t *testing.T) {
	server := startServer(t, settings{UpstreamURL: "http://127.0.0.1:1"}, nil, io.Discard)
	response, body := server.call("GET", "/external?key=k", "")
	server.wantProblem(http.StatusBadGateway, response, body)
}

func TestASilentUpstreamIsAGatewayTimeout(t *testing.T) {
	url, _ := startUpstream(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := startServer(t, settings{UpstreamURL: url}, nil, io.Discard)
	start := time.Now()
	response, body := server.call("GET", "/external?key=k", "")
	server.wantProblem(http.StatusGatewayTimeout, response, body)
	if took := time.Since(start); took < upstreamTimeout || took > upstreamTimeout+time.Second {
		t.Errorf("took %v", took)
	}
}
