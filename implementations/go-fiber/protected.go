package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/golang-jwt/jwt/v5"
)

const requiredScope = "read:protected"

// claims of a token; a scope of another type than string grants nothing.
type claims struct {
	jwt.RegisteredClaims
	Scope any `json:"scope"`
}

func (c claims) grants(scope string) bool {
	words, _ := c.Scope.(string)
	return slices.Contains(strings.Fields(words), scope)
}

type protectedResponse struct {
	Subject     string `json:"subject"`
	Q           string `json:"q"`
	Page        int    `json:"page"`
	RequestID   string `json:"request_id"`
	Middlewares []int  `json:"middlewares"`
}

// authenticate lets requests pass that carry a valid bearer token with the required scope.
func authenticate(secret, audience string) fiber.Handler {
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
	)
	key := func(*jwt.Token) (any, error) { return []byte(secret), nil }

	return func(c fiber.Ctx) error {
		var token claims
		scheme, credentials, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
		_, err := parser.ParseWithClaims(credentials, &token, key)
		if !strings.EqualFold(scheme, "Bearer") || err != nil || token.Subject == "" {
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
			return newProblem(http.StatusUnauthorized, "The request has no valid bearer token.")
		}
		c.Locals(subjectKey{}, token.Subject)
		if !token.grants(requiredScope) {
			return newProblem(http.StatusForbidden, "The token lacks the scope "+requiredScope+".")
		}
		return c.Next()
	}
}

func protected(c fiber.Ctx) error {
	query := queryReader{c: c}
	answer := protectedResponse{
		Subject:     fiber.Locals[string](c, subjectKey{}),
		Q:           query.text("q", 64),
		Page:        query.integer("page", 1, 1, 1000),
		RequestID:   fiber.Locals[string](c, requestIDKey{}),
		Middlewares: append([]int{}, fiber.Locals[[]int](c, passedKey{})...),
	}
	if err := query.err(); err != nil {
		return err
	}
	return c.JSON(answer)
}
