package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/gofiber/fiber/v3"
)

const (
	maxJSONBytes = 1 << 20
	// maxDiscardBytes of a body that a handler left unread are read away, so that the client sees the answer.
	maxDiscardBytes = 8 << 20
)

// requestBody is a streamed body that remembers its end: fasthttp's own stream reads on into the next request.
type requestBody struct {
	stream io.Reader
	end    error
}

type requestBodyKey struct{}

func (b *requestBody) Read(buffer []byte) (int, error) {
	if b.end != nil {
		return 0, b.end
	}
	read, err := b.stream.Read(buffer)
	b.end = err
	return read, err
}

// finishBody reads what the handler left of a streamed body, or has the connection closed: fasthttp would take
// the rest for the next request.
func finishBody(c fiber.Ctx) error {
	stream := c.Request().BodyStream()
	if stream == nil {
		return c.Next()
	}
	body := &requestBody{stream: stream}
	c.Locals(requestBodyKey{}, body)
	err := c.Next()
	if _, discardError := io.CopyN(io.Discard, body, maxDiscardBytes); discardError != io.EOF {
		c.Response().Header.SetConnectionClose()
	}
	return err
}

// limitedBody reads the request's body and fails with http.MaxBytesError beyond the limit.
func limitedBody(c fiber.Ctx, limit int64) io.Reader {
	body, streamed := c.Locals(requestBodyKey{}).(*requestBody)
	if !streamed {
		return http.NoBody
	}
	return http.MaxBytesReader(nil, io.NopCloser(body), limit)
}

// decodeJSON reads the request's body into target, a pointer to a struct, and validates it.
func decodeJSON(c fiber.Ctx, target any) error {
	body, err := io.ReadAll(limitedBody(c, maxJSONBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil || !utf8.Valid(body): // encoding/json would replace what is not UTF-8
		return newProblem(http.StatusBadRequest, "The body is not JSON.")
	}

	err = json.Unmarshal(body, target)
	var mistyped *json.UnmarshalTypeError
	var invalid []invalidField
	switch {
	case errors.As(err, &mistyped):
		invalid = mismatches(body, target, mistyped)
	case err != nil:
		return newProblem(http.StatusBadRequest, "The body is not JSON.")
	}
	if invalid = append(invalid, violations(target, invalid)...); len(invalid) > 0 {
		return unprocessable(invalid)
	}
	return nil
}
