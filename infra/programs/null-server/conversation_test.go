package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// start serves until the test ends, and returns the address.
func start(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func send(t *testing.T, method, url string, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, content
}

// dial opens a connection for requests that no client would send.
func dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func TestEachOperationHasItsStatusAndMembers(t *testing.T) {
	url := "http://" + start(t)
	for _, c := range []struct {
		method, target, body string
		status               int
		members              string
	}{
		{"GET", "/health", "", 200, "status"},
		{"POST", "/echo", `{"items":[{"id":1}]}`, 200, "count items total"},
		{"GET", "/users", "", 200, "items limit offset"},
		{"POST", "/users", "{}", 201, "active age created_at email id name"},
		{"GET", "/users/7", "", 200, "active age created_at email id name"},
		{"PUT", "/users/7", "{}", 200, "active age created_at email id name"},
		{"GET", "/external?key=k", "", 200, "key value"},
		{"GET", "/protected?q=x", "", 200, "middlewares page q request_id subject"},
		{"POST", "/upload", "x", 200, "sha256 size"},
		{"GET", "/nowhere", "", 404, "detail status title type"},
	} {
		response, content := send(t, c.method, url+c.target, strings.NewReader(c.body))
		var answer map[string]any
		if err := json.Unmarshal(content, &answer); err != nil {
			t.Errorf("%s %s: %v", c.method, c.target, err)
		}
		for member := range strings.FieldsSeq(c.members) {
			if _, found := answer[member]; !found {
				t.Errorf("%s %s lacks %s", c.method, c.target, member)
			}
		}
		if response.StatusCode != c.status || len(answer) != len(strings.Fields(c.members)) {
			t.Errorf("%s %s: %s %s", c.method, c.target, response.Status, content)
		}
	}
}

func TestAPageHasAsManyUsersAsAsked(t *testing.T) {
	url := "http://" + start(t)
	for query, want := range map[string]int{"": 20, "?limit=1": 1, "?offset=5&limit=100": 100, "?limit=101": 20} {
		_, content := send(t, "GET", url+"/users"+query, nil)
		var page struct{ Items []any }
		if err := json.Unmarshal(content, &page); err != nil || len(page.Items) != want {
			t.Errorf("%q: %d users, %v", query, len(page.Items), err)
		}
	}
}

func TestACreatedUserHasItsLocation(t *testing.T) {
	response, _ := send(t, "POST", "http://"+start(t)+"/users", strings.NewReader("{}"))
	if location := response.Header.Get("Location"); location != "/users/10001" {
		t.Errorf("got %q", location)
	}
}

func TestAnEchoIsAsLargeAsItsBody(t *testing.T) {
	body := `{"items":["` + strings.Repeat("x", 200_000) + `"]}`
	_, content := send(t, "POST", "http://"+start(t)+"/echo", strings.NewReader(body))
	if !strings.HasPrefix(string(content), body[:len(body)-1]+`,"count"`) {
		t.Errorf("got %d bytes", len(content))
	}
}

func TestBodiesAreReadAwayWhateverTheirFraming(t *testing.T) {
	conn := dial(t)
	upload := bytes.Repeat([]byte("x"), 3<<20)
	go func() {
		for range 2 {
			request, _ := http.NewRequest("POST", "http://host/upload", bytes.NewReader(upload))
			request.Write(conn)
			chunked, _ := http.NewRequest("POST", "http://host/upload", io.MultiReader(bytes.NewReader(upload)))
			chunked.Write(conn)
		}
	}()
	answers := bufio.NewReader(conn)
	for i := range 4 {
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if content, err := io.ReadAll(response.Body); err != nil || !json.Valid(content) {
			t.Errorf("answer %d: %s, %v", i, content, err)
		}
	}
}

func TestRequestsSentTogetherAreAnsweredInOrder(t *testing.T) {
	conn := dial(t)
	io.WriteString(conn, "GET /users/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: h\r\n\r\nGET /health HTTP/1.1\r\nHost: h\r\nconnection: close\r\n\r\n")
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(bytes.NewReader(all))
	for _, want := range []int{200, 404, 200} {
		response, err := http.ReadResponse(answers, nil)
		if err != nil || response.StatusCode != want {
			t.Fatalf("want %d, got %v, %v", want, response, err)
		}
		io.Copy(io.Discard, response.Body)
	}
}

func TestWhatIsNoRequestEndsTheConnection(t *testing.T) {
	for _, request := range []string{
		"\x16\x03\x01\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"POST /upload HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST /echo HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n",
		"POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
		strings.Repeat("x", bufferBytes),
	} {
		conn := dial(t)
		io.WriteString(conn, request)
		if content, err := io.ReadAll(conn); len(content) > 0 {
			t.Errorf("%.40q: %s, %v", request, content, err)
		}
	}
}
