package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	defaultLimit = 20
	maxLimit     = 100
)

// answers are whole responses, made beforehand. Shapes and sizes are those of the API; what they say was not asked.
type answers struct {
	health, created, user, external, protected, upload, unknown []byte

	// pages of users, by their limit
	pages [maxLimit + 1][]byte
}

func newAnswers() *answers {
	a := answers{
		health:   response("200 OK", "", `{"status":"ok"}`),
		created:  response("201 Created", "Location: /users/10001\r\n", user(10001)),
		user:     response("200 OK", "", user(5000)),
		external: response("200 OK", "", `{"key":"key-1z141z3","value":"0123456789abcdef"}`),
		protected: response("200 OK", "X-Request-Id: measure-0.1.1000\r\n",
			`{"subject":"user-1","q":"1z141z3","page":500,"request_id":"measure-0.1.1000","middlewares":[1,2,3,4,5]}`),
		upload: response("200 OK", "",
			`{"size":10485760,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}`),
		unknown: response("404 Not Found", "", `{"type":"about:blank","title":"Not Found","status":404,"detail":"There is no such path."}`),
	}
	for limit := range a.pages {
		users := make([]string, limit)
		for i := range users {
			users[i] = user(5000 + i)
		}
		a.pages[limit] = response("200 OK", "", fmt.Sprintf(`{"items":[%s],"limit":%d,"offset":4999}`, strings.Join(users, ","), limit))
	}
	return &a
}

func response(status, fields, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s", status, fields, len(body), body)
}

// user is one as spec/database/seed.sql makes it, but for the name.
func user(id int) string {
	createdAt := time.Date(2026, time.January, 1, 0, 0, 61*id, 0, time.UTC)
	return fmt.Sprintf(`{"id":%d,"email":"user%d@example.com","name":"C4ca4238 A0b923820d","age":%d,"active":%t,"created_at":%q}`,
		id, id, 18+id*7919%70, id%5 != 0, createdAt.Format("2006-01-02T15:04:05.000000Z07:00"))
}

// choose returns the answer to a request, or that the request's body is the answer.
func (a *answers) choose(method, target []byte) (answer []byte, echoes bool) {
	path, query, _ := bytes.Cut(target, []byte("?"))
	switch string(path) { // compiled to comparisons, without a copy
	case "/health":
		return a.health, false
	case "/echo":
		return nil, true
	case "/users":
		if string(method) == "POST" {
			return a.created, false
		}
		return a.pages[limitIn(query)], false
	case "/external":
		return a.external, false
	case "/protected":
		return a.protected, false
	case "/upload":
		return a.upload, false
	}
	if bytes.HasPrefix(path, []byte("/users/")) {
		return a.user, false
	}
	return a.unknown, false
}

// limitIn returns the limit of a list request.
func limitIn(query []byte) int {
	for field := range bytes.SplitSeq(query, []byte("&")) {
		if digits, found := bytes.CutPrefix(field, []byte("limit=")); found {
			if limit, err := strconv.Atoi(string(digits)); err == nil && limit >= 0 && limit <= maxLimit {
				return limit
			}
		}
	}
	return defaultLimit
}
