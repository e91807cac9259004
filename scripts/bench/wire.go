package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The client that loads is as lean as HTTP allows, since it shares the processors with what it measures: a request is
// written as it was made before, and of an answer only what is needed is read.

// request is a whole request, ready to be written.
func request(method, host, path string, form url.Values, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for i := 0; i < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1]) // #nosec G602 -- they come in pairs
	}
	body := form.Encode()
	if method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

// answer is what is read of one.
type answer struct {
	status   int
	location string
	cookies  []string // each as name=value
	body     []byte   // only where it is kept
}

// client is one connection, made anew when the server closes it.
type client struct {
	addr string
	keep bool // keep bodies and headers
	conn net.Conn
	in   *bufio.Reader
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// patience is longer than any request may take.
const patience = 20 * time.Second

func (c *client) do(request []byte) (answer, error) {
	if c.conn == nil {
		conn, err := net.DialTimeout("tcp", c.addr, patience) //nolint:noctx // bounded
		if err != nil {
			return answer{}, err
		}
		c.conn, c.in = conn, bufio.NewReaderSize(conn, 16<<10)
	}
	_ = c.conn.SetDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(request); err != nil {
		c.close()
		return answer{}, err
	}
	a, err := c.read()
	if err != nil {
		c.close()
	}
	return a, err
}

var errMalformed = errors.New("the answer is no HTTP")

// read reads one answer to its end.
func (c *client) read() (a answer, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return a, err
	}
	if len(line) < 13 {
		return a, errMalformed
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, errMalformed
	}
	length, chunked, last := 0, false, false
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return a, err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		case c.keep && bytes.EqualFold(name, []byte("Location")):
			a.location = string(value)
		case c.keep && bytes.EqualFold(name, []byte("Set-Cookie")):
			pair, _, _ := strings.Cut(string(value), ";")
			a.cookies = append(a.cookies, pair)
		}
		if err != nil {
			return a, errMalformed
		}
	}
	err = c.rest(&a, length, chunked)
	if last {
		c.close()
	}
	return a, err
}

// rest reads the body.
func (c *client) rest(a *answer, length int, chunked bool) error {
	if !chunked {
		return c.take(a, length)
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return errMalformed
		}
		if err := c.take(a, int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}

func (c *client) take(a *answer, n int) error {
	if !c.keep {
		_, err := c.in.Discard(n)
		return err
	}
	part := make([]byte, n)
	_, err := io.ReadFull(c.in, part)
	a.body = append(a.body, part...)
	return err
}
