package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v3"
)

const (
	upstreamTimeout   = 2 * time.Second
	maxUpstreamAnswer = 1 << 20
)

// external passes on values of the upstream API.
type external struct {
	client *http.Client
	values string
}

type externalValue struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// newExternal uses net/http's client, not fasthttp's: it notices when the upstream closes an idle connection,
// and doesn't try a call five times.
func newExternal(upstreamURL string) external {
	return external{
		client: &http.Client{
			Timeout: upstreamTimeout,
			Transport: &http.Transport{
				MaxIdleConnsPerHost: math.MaxInt, // all connections lead to one host: as many as calls were in flight
				IdleConnTimeout:     90 * time.Second,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		values: upstreamURL + "/value?",
	}
}

func (e external) get(c fiber.Ctx) error {
	query := queryReader{c: c}
	key := query.text("key", 64)
	if err := query.err(); err != nil {
		return err
	}
	value, err := e.fetch(c.Context(), key)
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		return newProblem(http.StatusGatewayTimeout, "The upstream did not answer in time.")
	case err != nil:
		return newProblem(http.StatusBadGateway, "The upstream failed.")
	}
	return c.JSON(externalValue{Key: key, Value: value})
}

// fetch calls the upstream for the value of a key.
func (e external) fetch(ctx context.Context, key string) (string, error) {
	// Encode copies the key, which the transport may outlive the handler with.
	address := e.values + url.Values{"key": {key}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxUpstreamAnswer))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the upstream answered %s", response.Status)
	}
	var answer struct {
		Value *string `json:"value"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	if answer.Value == nil {
		return "", errors.New("the upstream answered without a value")
	}
	return *answer.Value, nil
}
