package main

import "github.com/gofiber/fiber/v3"

// echoRequest has pointers, so that a missing or null member differs from a zero.
type echoRequest struct {
	Items []*echoItem `json:"items" validate:"required,max=1000,dive,required"`
}

type echoItem struct {
	ID       *int64    `json:"id" validate:"required,min=0,max=9007199254740991"`
	Name     *string   `json:"name" validate:"required,min=1,max=200"`
	Price    *float64  `json:"price" validate:"required,min=0,max=1000000"`
	Quantity *int64    `json:"quantity" validate:"required,min=0,max=1000000"`
	Tags     []*string `json:"tags" validate:"required,max=20,dive,required,max=50"`
}

type echoResponse struct {
	Items []*echoItem `json:"items"`
	Count int         `json:"count"`
	Total float64     `json:"total"`
}

func echo(c fiber.Ctx) error {
	var request echoRequest
	if err := decodeJSON(c, &request); err != nil {
		return err
	}
	total := 0.0
	for _, item := range request.Items {
		total += *item.Price * float64(*item.Quantity)
	}
	return c.JSON(echoResponse{Items: request.Items, Count: len(request.Items), Total: total})
}
