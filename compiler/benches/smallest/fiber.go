// The smallest program on Fiber that answers `/health` and `/echo`.
package main

import (
	"os"

	"github.com/gofiber/fiber/v3"
)

type item struct {
	ID       int64    `json:"id"`
	Name     string   `json:"name"`
	Price    float64  `json:"price"`
	Quantity int64    `json:"quantity"`
	Tags     []string `json:"tags"`
}

type order struct {
	Items []item `json:"items"`
}

type echo struct {
	Items []item  `json:"items"`
	Count int     `json:"count"`
	Total float64 `json:"total"`
}

func main() {
	app := fiber.New()
	app.Get("/health", func(c fiber.Ctx) error {
		return c.JSON(fiber.Map{"status": "ok"})
	})
	app.Post("/echo", func(c fiber.Ctx) error {
		var request order
		if err := c.Bind().JSON(&request); err != nil {
			return err
		}
		total := 0.0
		for _, item := range request.Items {
			total += item.Price * float64(item.Quantity)
		}
		return c.JSON(echo{Items: request.Items, Count: len(request.Items), Total: total})
	})
	if err := app.Listen("127.0.0.1:" + os.Getenv("PORT")); err != nil {
		panic(err)
	}
}
