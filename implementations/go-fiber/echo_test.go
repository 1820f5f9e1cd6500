package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

const echoed = `{"id":1,"name":"cup","price":0.5,"quantity":3,"tags":["a",""]}`

func TestEchoAnswersTheItemsWithCountAndTotal(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	unknown := strings.Replace(echoed, `"id"`, `"colour":null,"id"`, 1)
	response, body := server.call("POST", "/echo", `{"items":[`+echoed+`,`+unknown+`],"more":1}`)
	server.wantJSON(http.StatusOK, response, body, `{"items":[`+echoed+`,`+echoed+`],"count":2,"total":3}`)
}

func TestMalformedJSONIsToldFromInvalidJSON(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	for _, malformed := range []string{"", "{", `{"items":[],}`, `{"items":[]} x`, "NaN", "\"\xff\""} {
		response, body := server.call("POST", "/echo", malformed)
		server.wantProblem(http.StatusBadRequest, response, body)
	}
}

func TestEveryInvalidFieldIsNamed(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	for document, fields := range map[string]string{
		`null`:             "items",
		`{}`:               "items",
		`{"items":null}`:   "items",
		`{"items":{}}`:     "items",
		`{"items":[null]}`: "items.0",
		`{"items":[7]}`:    "items.0",
		`{"Items":7}`:      "items",
		`{"items":[` + strings.Repeat(echoed+",", 1000) + echoed + `]}`: "items",

		item(`"id":1`, `"id":"1"`):                                          "items.0.id",
		item(`"id":1`, `"id":1.5`):                                          "items.0.id",
		item(`"id":1`, `"id":9007199254740992`):                             "items.0.id",
		item(`"id":1`, `"id":99999999999999999999`):                         "items.0.id",
		item(`"id":1,`, ``):                                                 "items.0.id",
		item(`"cup"`, `""`):                                                 "items.0.name",
		item(`"cup"`, `"`+strings.Repeat("é", 201)+`"`):                     "items.0.name",
		item(`0.5`, `true`):                                                 "items.0.price",
		item(`0.5`, `1e999`):                                                "items.0.price",
		item(`0.5`, `-0.1`):                                                 "items.0.price",
		item(`"quantity":3`, `"quantity":null`):                             "items.0.quantity",
		item(`["a",""]`, `"a"`):                                             "items.0.tags",
		item(`["a",""]`, `["a",null]`):                                      "items.0.tags.1",
		item(`["a",""]`, `["a",1,{}]`):                                      "items.0.tags.1 items.0.tags.2",
		item(`"id":1,"name":"cup","price":0.5`, `"id":[],"name":"cup"`):     "items.0.id items.0.price",
		item(`"cup","price":0.5,"quantity":3`, `7,"price":-1,"quantity":0`): "items.0.name items.0.price",
	} {
		response, body := server.call("POST", "/echo", document)
		server.wantProblem(http.StatusUnprocessableEntity, response, body, strings.Fields(fields)...)
	}
}

func TestAZeroIsAValue(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	zeros := `{"items":[{"id":0,"name":"n","price":0,"quantity":0,"tags":[]}],"count":1,"total":0}`
	response, body := server.call("POST", "/echo", zeros)
	server.wantJSON(http.StatusOK, response, body, zeros)
}

// item is a request with one item in which a part is replaced.
func item(part, replacement string) string {
	return `{"items":[` + strings.Replace(echoed, part, replacement, 1) + `]}`
}
