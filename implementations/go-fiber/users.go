package main

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gofiber/fiber/v3"
)

// userInput has pointers, so that a missing or null member differs from a zero. PostgreSQL stores no NUL.
type userInput struct {
	Email  *string `json:"email" validate:"required,min=3,max=254,address,excludes=\x00"`
	Name   *string `json:"name" validate:"required,min=1,max=100,excludes=\x00"`
	Age    *int64  `json:"age" validate:"required,min=0,max=150"`
	Active *bool   `json:"active" validate:"required"`
}

type userPage struct {
	Items  []user `json:"items"`
	Limit  int    `json:"limit"`
	Offset int    `json:"offset"`
}

// userRoutes answers the requests to /users.
type userRoutes struct {
	store userStore
}

func (r userRoutes) list(c fiber.Ctx) error {
	query := queryReader{c: c}
	limit := query.integer("limit", 20, 1, 100)
	offset := query.integer("offset", 0, 0, 1_000_000)
	if err := query.err(); err != nil {
		return err
	}
	users, err := r.store.list(c.Context(), limit, offset)
	if err != nil {
		return err
	}
	return c.JSON(userPage{Items: users, Limit: limit, Offset: offset})
}

func (r userRoutes) get(c fiber.Ctx) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	found, err := r.store.get(c.Context(), id)
	if err != nil {
		return userProblem(err)
	}
	return c.JSON(found)
}

func (r userRoutes) create(c fiber.Ctx) error {
	var input userInput
	if err := decodeJSON(c, &input); err != nil {
		return err
	}
	created, err := r.store.create(c.Context(), input)
	if err != nil {
		return userProblem(err)
	}
	c.Location("/users/" + strconv.FormatInt(created.ID, 10))
	return c.Status(http.StatusCreated).JSON(created)
}

func (r userRoutes) replace(c fiber.Ctx) error {
	id, err := userID(c)
	if err != nil {
		return err
	}
	var input userInput
	if err := decodeJSON(c, &input); err != nil {
		return err
	}
	replaced, err := r.store.replace(c.Context(), id, input)
	if err != nil {
		return userProblem(err)
	}
	return c.JSON(replaced)
}

func userID(c fiber.Ctx) (int64, error) {
	id, err := strconv.ParseInt(c.Params("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, unprocessable([]invalidField{{Field: "id", Message: "must be an integer from 1 to 9223372036854775807"}})
	}
	return id, nil
}

// userProblem gives the errors of the store their status.
func userProblem(err error) error {
	switch {
	case errors.Is(err, errNoUser):
		return newProblem(http.StatusNotFound, "There is no user with this id.")
	case errors.Is(err, errEmailTaken):
		return newProblem(http.StatusConflict, "Another user has this email.")
	default:
		return err
	}
}
