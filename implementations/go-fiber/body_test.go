package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// exchange sends bytes over one connection and returns the statuses of the answers, and whether the server
// has closed it behind them.
func (s testServer) exchange(sent string, answers int) (statuses []int, closed bool) {
	s.Helper()
	connection, err := net.Dial("tcp", s.address)
	if err != nil {
		s.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, sent)
	reader := bufio.NewReader(connection)
	for range answers {
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			s.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		statuses = append(statuses, response.StatusCode)
		closed = response.Close
	}
	return statuses, closed
}

const getHealth = "GET /health HTTP/1.1\r\nHost: test\r\n\r\n"

func TestAnUnreadBodyIsNotTheNextRequest(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	body := strings.Repeat("x", 10_000) + getHealth
	for name, request := range map[string]string{
		"length":  fmt.Sprintf("POST /nothing HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n%s", len(body), body),
		"chunked": fmt.Sprintf("POST /nothing HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
	} {
		statuses, closed := server.exchange(request+"PUT"+getHealth[3:]+getHealth, 3)
		if fmt.Sprint(statuses) != "[404 405 200]" || closed {
			t.Errorf("%s: got %v, closed: %v", name, statuses, closed)
		}
	}
}

func TestAConnectionWithABrokenBodyIsClosed(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	for _, path := range []string{"/echo", "/nothing"} {
		statuses, closed := server.exchange("POST "+path+" HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n?\r\n"+getHealth, 1)
		if !closed {
			t.Errorf("%s: got %v and the connection stays open", path, statuses)
		}
	}
}

func TestAJSONBodyHasALimit(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	fitting := `{"items":[]}` + strings.Repeat(" ", maxJSONBytes-len(`{"items":[]}`))

	response, body := server.call("POST", "/echo", fitting)
	server.wantJSON(http.StatusOK, response, body, `{"items":[],"count":0,"total":0}`)

	response, body = server.call("POST", "/echo", fitting+" ")
	server.wantProblem(http.StatusRequestEntityTooLarge, response, body)
}
