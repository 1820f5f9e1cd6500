package main

import (
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/jackc/pgx/v5/pgxpool"
)

// newApp joins the routes of the API to what they need.
func newApp(settings settings, pool *pgxpool.Pool, requestLog *slog.Logger) *fiber.App {
	app := fiber.New(fiber.Config{
		ErrorHandler:            answerProblem,
		CaseSensitive:           true,
		StrictRouting:           true,
		DisableHeadAutoRegister: true, // HEAD is another method: 405
		StreamRequestBody:       true,
		// Multipart bodies reach the handler unparsed; each handler sets its own limit.
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               8 << 10,         // bounds the request's headers
		ReadTimeout:                  5 * time.Minute, // 100 MiB over a slow line
		IdleTimeout:                  75 * time.Second,
	})
	app.Use(finishBody, recover.New(recover.Config{EnableStackTrace: true}))

	app.Get("/health", health)
	app.Post("/echo", echo)

	users := userRoutes{store: userStore{pool: pool}}
	app.Get("/users", users.list)
	app.Post("/users", users.create)
	app.Get("/users/:id", users.get)
	app.Put("/users/:id", users.replace)

	app.Get("/external", newExternal(settings.UpstreamURL).get)

	chain := []any{logRequest(requestLog)}
	for position := range settings.MiddlewareDepth {
		chain = append(chain, count(position+1))
	}
	chain = append(chain, authenticate(settings.JWTSecret, settings.JWTAudience), protected)
	app.Get("/protected", identify, chain...)

	app.Post("/upload", upload)
	return app
}

// healthResponse is a struct, since encoding/json sorts the keys of a map for each answer.
type healthResponse struct {
	Status string `json:"status"`
}

func health(c fiber.Ctx) error {
	return c.JSON(healthResponse{Status: "ok"})
}
