package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v3"
)

const (
	maxFileBytes = 100 << 20
	// maxUploadBytes leaves room for the other parts and the multipart framing.
	maxUploadBytes = maxFileBytes + 1<<20
	// uploadBufferBytes is what is read from the connection at once; multipart alone would read 4 KiB.
	uploadBufferBytes = 64 << 10
)

type uploadResponse struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func upload(c fiber.Ctx) error {
	mediaType, parameters, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	switch {
	case mediaType != fiber.MIMEMultipartForm:
		return newProblem(http.StatusUnsupportedMediaType, "The body must be multipart/form-data.")
	case err != nil || parameters["boundary"] == "":
		return newProblem(http.StatusBadRequest, "The multipart body has no valid boundary.")
	}
	// An empty line behind the body ends the header of a part that breaks off there: multipart would take it for
	// the end of all parts.
	body := io.MultiReader(limitedBody(c, maxUploadBytes), strings.NewReader("\r\n\r\n"))
	parts := multipart.NewReader(bufio.NewReaderSize(body, uploadBufferBytes), parameters["boundary"])
	answer, err := digestFile(parts)
	if err != nil {
		return err
	}
	return c.JSON(answer)
}

// digestFile hashes the first part named `file` as it arrives, and reads the other parts away.
func digestFile(parts *multipart.Reader) (*uploadResponse, error) {
	var answer *uploadResponse
	for {
		part, err := parts.NextRawPart()
		switch {
		case err == io.EOF && answer == nil: // a wrapped EOF is a body that breaks off
			return nil, unprocessable([]invalidField{{Field: "file", Message: "must be a part of the body"}})
		case err == io.EOF:
			return answer, nil
		case err != nil:
			return nil, multipartProblem(err)
		case part.FormName() != "file" || answer != nil:
			continue
		}
		digest := sha256.New()
		size, err := io.Copy(digest, io.LimitReader(part, maxFileBytes+1))
		switch {
		case err != nil:
			return nil, multipartProblem(err)
		case size > maxFileBytes:
			return nil, newProblem(http.StatusRequestEntityTooLarge, "The file is larger than 104857600 bytes.")
		}
		answer = &uploadResponse{Size: size, SHA256: hex.EncodeToString(digest.Sum(nil))}
	}
}

// multipartProblem tells a body over the limit from a broken one.
func multipartProblem(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return newProblem(http.StatusBadRequest, "The multipart body is broken.")
}
