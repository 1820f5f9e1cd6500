package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestMain(m *testing.M) {
	if fiber.IsChild() {
		os.Exit(beSupervised())
	}
	os.Exit(m.Run())
}

// testServer is the application on a port of its own.
type testServer struct {
	*testing.T
	address string
}

func startServer(t *testing.T, settings settings, pool *pgxpool.Pool, log io.Writer) testServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := newApp(settings, pool, newRequestLog(log, logLevel(slog.LevelInfo)))
	go app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
	t.Cleanup(func() { app.ShutdownWithTimeout(shutdownTimeout) })
	return testServer{t, listener.Addr().String()}
}

// call sends a request; header lines are `Name: value`.
func (s testServer) call(method, path, body string, header ...string) (*http.Response, []byte) {
	s.Helper()
	request, err := http.NewRequest(method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return response, content
}

// wantProblem asks for problem details with this status and, in order, these invalid fields.
func (s testServer) wantProblem(status int, response *http.Response, body []byte, fields ...string) {
	s.Helper()
	var answer problem
	if err := json.Unmarshal(body, &answer); err != nil {
		s.Fatalf("%v: %s", err, body)
	}
	var invalid []string
	for _, field := range answer.Errors {
		invalid = append(invalid, field.Field)
	}
	if response.StatusCode != status || answer.Status != status || answer.Type != "about:blank" ||
		answer.Title != http.StatusText(status) || answer.Detail == "" ||
		response.Header.Get("Content-Type") != "application/problem+json" ||
		strings.Join(invalid, " ") != strings.Join(fields, " ") {
		s.Errorf("want problem %d with fields %v, got %d: %s", status, fields, response.StatusCode, body)
	}
}

func (s testServer) wantJSON(status int, response *http.Response, body []byte, want string) {
	s.Helper()
	if response.StatusCode != status || string(body) != want {
		s.Errorf("want %d %s, got %d %s", status, want, response.StatusCode, body)
	}
}

func TestAServerSaysThatItServes(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	response, body := server.call("GET", "/health", "")
	server.wantJSON(http.StatusOK, response, body, `{"status":"ok"}`)
}

func TestTheRouterAnswersProblems(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	for _, unknown := range []string{"/", "/nothing", "/Health", "/health/", "/users/1/events"} {
		response, body := server.call("GET", unknown, "")
		server.wantProblem(http.StatusNotFound, response, body)
	}
	for _, path := range []string{"/health", "/echo", "/users", "/users/1", "/external", "/protected", "/upload"} {
		response, body := server.call("DELETE", path, "")
		server.wantProblem(http.StatusMethodNotAllowed, response, body)
	}
}

func TestAPanicIsAnsweredWithAProblem(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard) // without a pool
	response, body := server.call("GET", "/users", "")
	server.wantProblem(http.StatusInternalServerError, response, body)
}
