package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/gofiber/fiber/v3"
)

// problem is an error that is answered as RFC 9457 problem details.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []invalidField `json:"errors,omitempty"`
}

// invalidField names an invalid input with its dotted path.
type invalidField struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p *problem) Error() string { return p.Detail }

func newProblem(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

func unprocessable(fields []invalidField) *problem {
	invalid := newProblem(http.StatusUnprocessableEntity, "The request does not fit the schema.")
	invalid.Errors = fields
	return invalid
}

// answerProblem is the application's error handler: every error ends here.
func answerProblem(c fiber.Ctx, err error) error {
	answer := asProblem(err)
	if answer.Status == http.StatusInternalServerError {
		slog.Error("request failed", "method", c.Method(), "path", c.Path(), "error", err)
	}
	return c.Status(answer.Status).JSON(answer, "application/problem+json")
}

func asProblem(err error) *problem {
	var known *problem
	if errors.As(err, &known) {
		return known
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, "The body is larger than this path accepts.")
	}
	var raised *fiber.Error
	if !errors.As(err, &raised) {
		return newProblem(http.StatusInternalServerError, "The server failed to answer the request.")
	}
	switch raised.Code {
	case http.StatusNotFound:
		return newProblem(raised.Code, "There is nothing at this path.")
	case http.StatusMethodNotAllowed:
		return newProblem(raised.Code, "This path does not allow the request's method.")
	default: // the framework's own message may repeat the request's headers
		return newProblem(raised.Code, "The request was refused: "+http.StatusText(raised.Code)+".")
	}
}
