package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const poolSize = 3

// startUsers serves empty tables in a schema of their own in the database at DATABASE_URL.
func startUsers(t *testing.T) (testServer, *pgxpool.Pool) {
	t.Helper()
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		t.Skip("DATABASE_URL names no PostgreSQL database")
	}
	tables, err := os.ReadFile("../../spec/database/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	schema := fmt.Sprintf("go_fiber_%d", time.Now().UnixNano())
	execute(t, url, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { execute(t, url, "DROP SCHEMA "+schema+" CASCADE") })
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	pool, err := openPool(t.Context(), url+separator+"search_path="+schema, poolSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), string(tables)); err != nil {
		t.Fatal(err)
	}
	return startServer(t, settings{}, pool, io.Discard), pool
}

func execute(t *testing.T, url, statement string) {
	t.Helper()
	ctx := context.Background() // t's has ended when it cleans up
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

func (s testServer) wantEvents(pool *pgxpool.Pool, want string) {
	s.Helper()
	var kinds string
	err := pool.QueryRow(s.Context(), "SELECT coalesce(string_agg(user_id || kind, ' ' ORDER BY id), '') FROM user_events").Scan(&kinds)
	if err != nil || kinds != want {
		s.Errorf("want events %q, got %q, %v", want, kinds, err)
	}
}

func person(email string) string {
	return fmt.Sprintf(`{"email":%q,"name":"Zoë","age":0,"active":false}`, email)
}

func TestThePoolIsOpenBeforeTheServerIs(t *testing.T) {
	_, pool := startUsers(t)
	if total := pool.Stat().TotalConns(); total != poolSize {
		t.Errorf("%d connections", total)
	}
}

func TestAUserIsCreatedReadListedAndReplaced(t *testing.T) {
	server, pool := startUsers(t)

	response, created := server.call("POST", "/users", person("zoe@example.com"))
	if response.StatusCode != http.StatusCreated || response.Header.Get("Location") != "/users/1" {
		t.Fatalf("got %s %v %s", response.Status, response.Header, created)
	}
	response, body := server.call("GET", "/users/1", "")
	server.wantJSON(http.StatusOK, response, body, string(created))
	response, body = server.call("GET", "/users?limit=1", "")
	server.wantJSON(http.StatusOK, response, body, `{"items":[`+string(created)+`],"limit":1,"offset":0}`)
	response, body = server.call("GET", "/users?offset=1", "")
	server.wantJSON(http.StatusOK, response, body, `{"items":[],"limit":20,"offset":1}`)

	response, body = server.call("PUT", "/users/1", strings.Replace(person("zoe@example.com"), "Zoë", "Ada", 1))
	server.wantJSON(http.StatusOK, response, body, strings.Replace(string(created), "Zoë", "Ada", 1))
	server.wantEvents(pool, "1created 1replaced")
}

func TestCreatedAtIsTheStoredInstant(t *testing.T) {
	server, pool := startUsers(t)
	server.call("POST", "/users", person("zoe@example.com"))
	var stored time.Time
	if err := pool.QueryRow(t.Context(), "SELECT created_at FROM users").Scan(&stored); err != nil {
		t.Fatal(err)
	}
	var answer user
	_, body := server.call("GET", "/users/1", "")
	if err := json.Unmarshal(body, &answer); err != nil || !answer.CreatedAt.Equal(stored) || !strings.Contains(string(body), `Z"`) {
		t.Errorf("want %v, got %s, %v", stored, body, err)
	}
}

func TestATakenEmailIsAConflictThatStoresNothing(t *testing.T) {
	server, pool := startUsers(t)
	server.call("POST", "/users", person("a@example.com"))
	server.call("POST", "/users", person("b@example.com"))

	response, body := server.call("POST", "/users", person("a@example.com"))
	server.wantProblem(http.StatusConflict, response, body)
	response, body = server.call("PUT", "/users/2", person("a@example.com"))
	server.wantProblem(http.StatusConflict, response, body)
	server.wantEvents(pool, "1created 2created")
}

func TestAMissingUserIsNotFound(t *testing.T) {
	server, pool := startUsers(t)
	response, body := server.call("GET", "/users/9223372036854775807", "")
	server.wantProblem(http.StatusNotFound, response, body)
	response, body = server.call("PUT", "/users/7", person("a@example.com"))
	server.wantProblem(http.StatusNotFound, response, body)
	server.wantEvents(pool, "")
}

func TestInvalidUsersNeverReachTheDatabase(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard) // without one
	for document, fields := range map[string]string{
		`{}`:          "email name age active",
		person("a"):   "email",
		person("abc"): "email",
		strings.Replace(person("a@b"), `"Zoë"`, `"\u0000"`, 1):   "name",
		strings.Replace(person("a@b"), `:0`, `:151`, 1):          "age",
		strings.Replace(person("a@b"), `:false`, `:0`, 1):        "active",
		strings.Replace(person("a b@c@d"), `:false`, `:null`, 1): "email active",
	} {
		for _, target := range []string{"POST /users", "PUT /users/1"} {
			method, path, _ := strings.Cut(target, " ")
			response, body := server.call(method, path, document)
			server.wantProblem(http.StatusUnprocessableEntity, response, body, strings.Fields(fields)...)
		}
	}
	for _, id := range []string{"0", "-1", "1.5", "x", "9223372036854775808"} {
		response, body := server.call("GET", "/users/"+id, "")
		server.wantProblem(http.StatusUnprocessableEntity, response, body, "id")
	}
	for query, fields := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "limit=": "limit", "offset=1.5": "offset", "offset=1000001&limit=x": "limit offset",
	} {
		response, body := server.call("GET", "/users?"+query, "")
		server.wantProblem(http.StatusUnprocessableEntity, response, body, strings.Fields(fields)...)
	}
}
