package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

var protectedSettings = settings{JWTSecret: "a secret of the tests alone", JWTAudience: "tests", MiddlewareDepth: 3}

// bearer signs valid claims with changes applied; a nil removes a claim.
func bearer(t *testing.T, changes jwt.MapClaims) string {
	return signed(t, jwt.SigningMethodHS256, []byte(protectedSettings.JWTSecret), changes)
}

func signed(t *testing.T, method jwt.SigningMethod, key any, changes jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{
		"sub": "alice", "aud": "tests", "exp": time.Now().Add(time.Minute).Unix(), "scope": "other read:protected",
	}
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: Bearer " + token
}

func TestProtectedAnswersWhoAskedWhat(t *testing.T) {
	server := startServer(t, protectedSettings, nil, io.Discard)
	response, body := server.call("GET", "/protected?q=find+me&page=9", "", bearer(t, nil), "X-Request-Id: own-id")
	server.wantJSON(http.StatusOK, response, body,
		`{"subject":"alice","q":"find me","page":9,"request_id":"own-id","middlewares":[1,2,3]}`)
}

func TestWithoutCountingMiddlewaresTheListIsEmpty(t *testing.T) {
	settings := protectedSettings
	settings.MiddlewareDepth = 0
	server := startServer(t, settings, nil, io.Discard)
	response, body := server.call("GET", "/protected?q=x", "", bearer(t, nil), "X-Request-Id: i")
	server.wantJSON(http.StatusOK, response, body, `{"subject":"alice","q":"x","page":1,"request_id":"i","middlewares":[]}`)
}

func TestAnUnusableTokenIsUnauthorized(t *testing.T) {
	server := startServer(t, protectedSettings, nil, io.Discard)
	secret := []byte(protectedSettings.JWTSecret)
	for name, header := range map[string]string{
		"no header":         "X: x",
		"another scheme":    strings.Replace(bearer(t, nil), "Bearer", "Basic", 1),
		"no token":          "Authorization: Bearer x",
		"another key":       signed(t, jwt.SigningMethodHS256, []byte("another"), nil),
		"another algorithm": signed(t, jwt.SigningMethodHS512, secret, nil),
		"no signature":      signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil),
		"expired":           bearer(t, jwt.MapClaims{"exp": time.Now().Unix() - 1}),
		"without exp":       bearer(t, jwt.MapClaims{"exp": nil}),
		"without sub":       bearer(t, jwt.MapClaims{"sub": nil}),
		"another audience":  bearer(t, jwt.MapClaims{"aud": "others"}),
	} {
		response, body := server.call("GET", "/protected", "", header, "X-Request-Id: own-id")
		server.wantProblem(http.StatusUnauthorized, response, body)
		if response.Header.Get("WWW-Authenticate") != "Bearer" || response.Header.Get("X-Request-Id") != "own-id" {
			t.Errorf("%s: got headers %v", name, response.Header)
		}
	}
}

func TestATokenWithoutTheScopeIsForbidden(t *testing.T) {
	server := startServer(t, protectedSettings, nil, io.Discard)
	for _, scope := range []any{nil, "", "read:protected2", []string{"read:protected"}} {
		response, body := server.call("GET", "/protected", "", bearer(t, jwt.MapClaims{"scope": scope}))
		server.wantProblem(http.StatusForbidden, response, body)
	}
}

func TestTheQueryIsValidatedLast(t *testing.T) {
	server := startServer(t, protectedSettings, nil, io.Discard)
	for query, fields := range map[string]string{
		"":                              "q",
		"?q=&page=0":                    "q page",
		"?q=x&page=":                    "page",
		"?q=x&page=1.5":                 "page",
		"?q=x&page=1001":                "page",
		"?q=" + strings.Repeat("é", 65): "q",
	} {
		response, body := server.call("GET", "/protected"+query, "", bearer(t, nil))
		server.wantProblem(http.StatusUnprocessableEntity, response, body, strings.Fields(fields)...)
	}
}

func TestAnUnusableRequestIDIsReplaced(t *testing.T) {
	server := startServer(t, protectedSettings, nil, io.Discard)
	for _, id := range []string{"", "a b", "é", strings.Repeat("x", 129)} {
		response, _ := server.call("GET", "/protected", "", "X-Request-Id: "+id)
		if _, err := uuid.Parse(response.Header.Get("X-Request-Id")); err != nil {
			t.Errorf("%q became %q", id, response.Header.Get("X-Request-Id"))
		}
	}
}

func TestEachAnsweredRequestIsLogged(t *testing.T) {
	var log bytes.Buffer
	server := startServer(t, protectedSettings, nil, &log)
	server.call("GET", "/health", "")
	server.call("GET", "/protected", "", "X-Request-Id: first")
	server.call("GET", "/protected?q=x", "", bearer(t, nil), "X-Request-Id: second")

	lines := json.NewDecoder(&log)
	for _, want := range []struct {
		id      string
		subject any
		status  int
	}{{"first", nil, 401}, {"second", "alice", 200}} {
		var line struct {
			Time       time.Time `json:"time"`
			Level      string    `json:"level"`
			Message    string    `json:"message"`
			RequestID  string    `json:"request_id"`
			Subject    any       `json:"subject"`
			Status     int       `json:"status"`
			DurationMS *float64  `json:"duration_ms"`
		}
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		if time.Since(line.Time) > time.Minute || line.Level != "info" || line.Message != "protected" || line.RequestID != want.id ||
			line.Subject != want.subject || line.Status != want.status || line.DurationMS == nil {
			t.Errorf("want %v, got %+v", want, line)
		}
	}
	if lines.More() {
		t.Error("there are more lines")
	}
}
