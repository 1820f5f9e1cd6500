package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
)

// problem is an error that is answered as RFC 9457 problem details.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func answerProblem(w http.ResponseWriter, status int, detail string) {
	answerJSON(w, status, "application/problem+json", problem{"about:blank", http.StatusText(status), status, detail})
}

func answerJSON(w http.ResponseWriter, status int, mediaType string, document any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(document); err != nil {
		slog.Error("answer not sent", "error", err)
	}
}
