package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// form is a multipart body with three parts, the middle one named field.
func form(t *testing.T, field string, content []byte) (body, header string) {
	t.Helper()
	var buffer bytes.Buffer
	writer := multipart.NewWriter(&buffer)
	writer.WriteField("before", "ignored")
	part, err := writer.CreateFormFile(field, "name.bin")
	if err != nil {
		t.Fatal(err)
	}
	part.Write(content)
	writer.WriteField("after", "ignored")
	writer.Close()
	return buffer.String(), "Content-Type: " + writer.FormDataContentType()
}

func TestUploadAnswersSizeAndDigestOfTheFile(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	for _, content := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("\r\n--"), 100_000)} {
		body, header := form(t, "file", content)
		response, answer := server.call("POST", "/upload", body, header)
		server.wantJSON(http.StatusOK, response, answer,
			fmt.Sprintf(`{"size":%d,"sha256":"%x"}`, len(content), sha256.Sum256(content)))
	}
}

func TestUploadTellsWhatIsWrongWithABody(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	body, header := form(t, "file", []byte("content"))

	response, answer := server.call("POST", "/upload", body, "Content-Type: application/json")
	server.wantProblem(http.StatusUnsupportedMediaType, response, answer)
	for end := range len(body) - len("\r\n") { // which the closing boundary may lack
		response, answer := server.call("POST", "/upload", body[:end], header)
		server.wantProblem(http.StatusBadRequest, response, answer)
	}
	response, answer = server.call("POST", "/upload", body, "Content-Type: multipart/form-data")
	server.wantProblem(http.StatusBadRequest, response, answer)

	body, header = form(t, "another", []byte("content"))
	response, answer = server.call("POST", "/upload", body, header)
	server.wantProblem(http.StatusUnprocessableEntity, response, answer, "file")
}

func TestUploadHasALimit(t *testing.T) {
	server := startServer(t, settings{}, nil, io.Discard)
	for _, declared := range []bool{true, false} {
		for size, status := range map[int64]int{maxFileBytes: 200, maxFileBytes + 1: 413} {
			request := zeros(t, server.address, size, declared)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != status || response.Close {
				t.Errorf("%d bytes, declared: %v: got %s, closed: %v", size, declared, response.Status, response.Close)
			}
		}
	}
}

// zeros is a request with a file of this many zeros, with a declared length or chunked.
func zeros(t *testing.T, address string, size int64, declared bool) *http.Request {
	t.Helper()
	head, tail := "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n", "\r\n--b--\r\n"
	body := io.MultiReader(strings.NewReader(head), io.LimitReader(zeroReader{}, size), strings.NewReader(tail))
	request, err := http.NewRequest("POST", "http://"+address+"/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	if declared {
		request.ContentLength = int64(len(head)) + size + int64(len(tail))
	}
	return request
}

type zeroReader struct{}

func (zeroReader) Read(buffer []byte) (int, error) {
	clear(buffer)
	return len(buffer), nil
}
