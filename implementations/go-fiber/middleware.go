package main

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/google/uuid"
)

const (
	headerRequestID    = "X-Request-Id"
	maxRequestIDLength = 128
)

type (
	requestIDKey struct{}
	subjectKey   struct{}
	passedKey    struct{}
)

// identify gives a request its id: the client's, where it is 1 to 128 visible ASCII characters, or a new one.
func identify(c fiber.Ctx) error {
	id := c.Get(headerRequestID)
	invisible := func(r rune) bool { return r <= ' ' || r > '~' }
	if id == "" || len(id) > maxRequestIDLength || strings.ContainsFunc(id, invisible) {
		id = uuid.NewString()
	}
	c.Set(headerRequestID, id)
	c.Locals(requestIDKey{}, id)
	return c.Next()
}

// newRequestLog writes JSON lines with the members time, level and message.
func newRequestLog(to io.Writer, level logLevel) *slog.Logger {
	rename := func(_ []string, attribute slog.Attr) slog.Attr {
		switch attribute.Key {
		case slog.LevelKey:
			attribute.Value = slog.StringValue(strings.ToLower(attribute.Value.String()))
		case slog.MessageKey:
			attribute.Key = "message"
		}
		return attribute
	}
	options := &slog.HandlerOptions{Level: slog.Level(level), ReplaceAttr: rename}
	return slog.New(slog.NewJSONHandler(to, options))
}

// logRequest writes a line for each answered request.
func logRequest(log *slog.Logger) fiber.Handler {
	return func(c fiber.Ctx) error {
		start := time.Now()
		if err := c.Next(); err != nil {
			// Answered here already, so that the line has the status.
			if err := c.App().ErrorHandler(c, err); err != nil {
				return err
			}
		}
		subject := slog.Any("subject", nil)
		if known, authenticated := c.Locals(subjectKey{}).(string); authenticated {
			subject = slog.String("subject", known)
		}
		log.LogAttrs(context.Background(), slog.LevelInfo, "protected",
			slog.String("request_id", fiber.Locals[string](c, requestIDKey{})),
			subject,
			slog.Int("status", c.Response().StatusCode()),
			slog.Float64("duration_ms", float64(time.Since(start).Microseconds())/1000))
		return nil
	}
}

// count is the counting middleware at a position, 1 being the outermost.
func count(position int) fiber.Handler {
	return func(c fiber.Ctx) error {
		c.Locals(passedKey{}, append(fiber.Locals[[]int](c, passedKey{}), position))
		return c.Next()
	}
}
