package main

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// methods are the handlers of one path.
type methods map[string]http.HandlerFunc

// newApp joins paths to handlers. The framework's own router takes its place.
func newApp() http.Handler {
	router := http.NewServeMux()
	router.Handle("/health", methods{"GET": health})
	router.Handle("/echo", methods{"POST": notWritten})
	router.Handle("/users", methods{"GET": notWritten, "POST": notWritten})
	router.Handle("/users/{id}", methods{"GET": notWritten, "PUT": notWritten})
	router.Handle("/external", methods{"GET": notWritten})
	router.Handle("/protected", methods{"GET": notWritten})
	router.Handle("/upload", methods{"POST": notWritten})
	router.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answerProblem(w, http.StatusNotFound, "There is nothing at this path.")
	})
	return router
}

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, found := m[r.Method]
	if !found {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(m)), ", "))
		answerProblem(w, http.StatusMethodNotAllowed, "This path does not serve this method.")
		return
	}
	handler(w, r)
}

func health(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ok"})
}

// notWritten stands for an operation until its handler is there. It reads the body away: net/http would close the
// connection on a large one, and the client miss the answer.
func notWritten(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	answerProblem(w, http.StatusNotImplemented, "This operation is not written yet.")
}
