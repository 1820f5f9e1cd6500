package main

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/gofiber/fiber/v3"
)

// queryReader reads query parameters and gathers those that are invalid. The strings that it returns are
// Fiber's: they are valid within the handler only.
type queryReader struct {
	c       fiber.Ctx
	invalid []invalidField
}

// text reads a required parameter of at most maxLength characters.
func (q *queryReader) text(name string, maxLength int) string {
	value := q.c.Query(name)
	if length := utf8.RuneCountInString(value); length < 1 || length > maxLength {
		q.reject(name, fmt.Sprintf("must have 1 to %d characters", maxLength))
	}
	return value
}

// integer reads an optional parameter from low to high.
func (q *queryReader) integer(name string, absent, low, high int) int {
	if !q.c.RequestCtx().QueryArgs().Has(name) {
		return absent
	}
	value, err := strconv.Atoi(q.c.Query(name))
	if err != nil || value < low || value > high {
		q.reject(name, fmt.Sprintf("must be an integer from %d to %d", low, high))
	}
	return value
}

func (q *queryReader) reject(name, message string) {
	q.invalid = append(q.invalid, invalidField{Field: name, Message: message})
}

func (q *queryReader) err() error {
	if len(q.invalid) == 0 {
		return nil
	}
	return unprocessable(q.invalid)
}
