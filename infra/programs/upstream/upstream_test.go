package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var plain = behaviour{Seed: 1, Distribution: constant, Sigma: 0.5}

func start(t *testing.T, behaviour behaviour) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(newUpstream(behaviour).routes())
	t.Cleanup(server.Close)
	return server
}

func send(t *testing.T, method, url, body string) (status int, content string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}

func valueOf(t *testing.T, url, key string) string {
	t.Helper()
	status, body := send(t, "GET", url+"/value?key="+key, "")
	var answer valueAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || answer.Key != key {
		t.Fatalf("got %d %s", status, body)
	}
	return answer.Value
}

func wantHits(t *testing.T, url, want string) {
	t.Helper()
	if _, body := send(t, "GET", url+"/hits", ""); body != want+"\n" {
		t.Errorf("want %s, got %s", want, body)
	}
}

func TestAValueDependsOnTheKeyAndTheSeedAlone(t *testing.T) {
	one, again := start(t, plain), start(t, plain)
	another := start(t, behaviour{Seed: 2, Distribution: constant})
	value := valueOf(t, one.URL, "k")
	if valueOf(t, again.URL, "other") == value || valueOf(t, again.URL, "k") != value || valueOf(t, another.URL, "k") == value {
		t.Error("values don't follow key and seed")
	}
}

func TestSpecialKeysSimulateFailures(t *testing.T) {
	server := start(t, plain)
	if status, _ := send(t, "GET", server.URL+"/value?key=fail-1", ""); status != http.StatusInternalServerError {
		t.Errorf("fail-: %d", status)
	}
	if status, body := send(t, "GET", server.URL+"/value?key=garbage-1", ""); status != http.StatusOK || json.Valid([]byte(body)) {
		t.Errorf("garbage-: %d %s", status, body)
	}
	if status, _ := send(t, "GET", server.URL+"/value", ""); status != http.StatusBadRequest {
		t.Errorf("no key: %d", status)
	}
	client := http.Client{Timeout: 100 * time.Millisecond}
	if response, err := client.Get(server.URL + "/value?key=slow-1"); err == nil {
		t.Errorf("slow-: %s", response.Status)
	}
	wantHits(t, server.URL, `{"hits":4,"peak_in_flight":1}`)
}

func TestHitsAndPeakCountParallelRequests(t *testing.T) {
	server := start(t, behaviour{Seed: 1, Distribution: constant, LatencyMS: 500})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { valueOf(t, server.URL, "k") })
	}
	group.Wait()
	wantHits(t, server.URL, `{"hits":8,"peak_in_flight":8}`)
}

func TestAResetStartsCountingAgain(t *testing.T) {
	server := start(t, plain)
	before := valueOf(t, server.URL, "k")
	if status, body := send(t, "POST", server.URL+"/reset", ""); status != http.StatusNoContent {
		t.Fatalf("got %d %s", status, body)
	}
	wantHits(t, server.URL, `{"hits":0,"peak_in_flight":0}`)
	if valueOf(t, server.URL, "k") != before {
		t.Error("the reset changed the values")
	}
}

func TestAResetSetsWhatItsBodyNamesAndReturnsTheRest(t *testing.T) {
	server := start(t, plain)
	before := valueOf(t, server.URL, "k")
	if status, body := send(t, "POST", server.URL+"/reset", `{"latency_ms": 60}`); status != http.StatusNoContent {
		t.Fatalf("got %d %s", status, body)
	}
	begin := time.Now()
	if valueOf(t, server.URL, "k") != before || time.Since(begin) < 60*time.Millisecond {
		t.Errorf("after %v", time.Since(begin))
	}
	send(t, "POST", server.URL+"/reset", `{"latency_ms": 0, "failure_rate": 1}`)
	if status, _ := send(t, "GET", server.URL+"/value?key=k", ""); status != http.StatusInternalServerError {
		t.Errorf("failure_rate 1: %d", status)
	}
	send(t, "POST", server.URL+"/reset", "")
	if status, _ := send(t, "GET", server.URL+"/value?key=k", ""); status != http.StatusInternalServerError {
		t.Errorf("failure_rate 1 after a reset without a body: %d", status)
	}
	send(t, "POST", server.URL+"/reset", `{"latency_ms": 0}`)
	if status, _ := send(t, "GET", server.URL+"/value?key=k", ""); status != http.StatusOK {
		t.Errorf("failure_rate left by another reset: %d", status)
	}
}

func TestAnInvalidResetChangesNothing(t *testing.T) {
	server := start(t, plain)
	valueOf(t, server.URL, "k")
	for _, body := range []string{`{`, `{"latency": 5}`, `{"latency_ms": -1}`, `{"failure_rate": 1.1}`, `{"distribution": "normal"}`} {
		if status, _ := send(t, "POST", server.URL+"/reset", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, status)
		}
	}
	wantHits(t, server.URL, `{"hits":1,"peak_in_flight":1}`)
}

func TestTheServerEndsWithItsContextEvenWhileItAnswersSlowly(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, plain) }()

	url := "http://" + listener.Addr().String()
	if status, _ := send(t, "GET", url+"/health", ""); status != http.StatusOK {
		t.Errorf("health: %d", status)
	}
	go http.Get(url + "/value?key=slow-1")
	for body := ""; !strings.Contains(body, `"hits":1`); {
		_, body = send(t, "GET", url+"/hits", "")
	}
	begin := time.Now()
	cancel()
	if err := <-ended; err != nil || time.Since(begin) > 2*shutdownTimeout {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}
