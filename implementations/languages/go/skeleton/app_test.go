package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func call(method, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	newApp().ServeHTTP(recorder, httptest.NewRequest(method, path, nil))
	return recorder
}

func TestAProcessThatServesIsHealthy(t *testing.T) {
	response := call("GET", "/health")
	if response.Code != http.StatusOK || strings.TrimSpace(response.Body.String()) != `{"status":"ok"}` {
		t.Errorf("got %d %s", response.Code, response.Body)
	}
}

func TestAnErrorIsAProblem(t *testing.T) {
	for request, status := range map[string]int{
		"GET /nothing":        http.StatusNotFound,
		"GET /users/1/events": http.StatusNotFound,
		"DELETE /users/1":     http.StatusMethodNotAllowed,
		"HEAD /health":        http.StatusMethodNotAllowed,
		"POST /echo":          http.StatusNotImplemented,
	} {
		method, path, _ := strings.Cut(request, " ")
		response := call(method, path)
		var answer problem
		if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if response.Code != status || response.Header().Get("Content-Type") != "application/problem+json" || answer.Detail == "" ||
			answer != (problem{"about:blank", http.StatusText(status), status, answer.Detail}) {
			t.Errorf("%s: got %d %+v", request, response.Code, answer)
		}
	}
}
