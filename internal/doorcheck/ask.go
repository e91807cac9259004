package doorcheck

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/nightlatch/nightlatch/internal/loopback"
)

const (
	askLimit  = 5 * time.Second
	headLimit = 64 << 10 // of an answer; its body is not read
)

// place is where one host of an application is asked.
type place struct {
	scheme, host string // host as in the registry
}

func (p place) hostname() string { return (&url.URL{Host: p.host}).Hostname() }

// dial opens a connection to the host, and to nothing else: a name of this machine is not looked up.
func (d *Doctor) dial(ctx context.Context, at place) (net.Conn, error) {
	port := (&url.URL{Host: at.host}).Port()
	switch {
	case port == "" && at.scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	name := at.hostname()
	if strings.HasSuffix(name, "localhost") && loopback.Host(name) {
		name = "127.0.0.1"
	}
	conn, err := (&net.Dialer{ControlContext: onlyHosts}).DialContext(ctx, "tcp", net.JoinHostPort(name, port))
	if err != nil || at.scheme != "https" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: at.hostname(), RootCAs: d.roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secure, nil
}

// onlyHosts refuses what no application is at, wherever a registered name leads: the addresses by which a machine in a
// cloud is told its own secrets (169.254.169.254) are among them.
func onlyHosts(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read the address %s: %w", address, err)
	}
	ip := at.Addr().Unmap()
	if ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast() || ip == cloudSecrets() {
		return errNoHost
	}
	return nil
}

// cloudSecrets is where one cloud tells a machine of IPv6 its secrets: 169.254.169.254 of theirs.
func cloudSecrets() netip.Addr { return netip.MustParseAddr("fd00:ec2::254") }

var errNoHost = errors.New("no application is at such an address")

// question is a request as it goes over the wire: some of them are such that no client writes them.
type question struct {
	method, target string
	host           string // of the Host header, that of the place without it
	connection     string // of the Connection header, close without it
	headers        []string
	body           string
}

// heard is what came of a question.
type heard struct {
	status int
	header http.Header
	seen   []Sighting
}

// ask asks with a probe, and returns the answer's head and what the door saw. Status 0 is no answer.
func (d *Doctor) ask(ctx context.Context, at place, q question) (heard, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	conn, err := d.dial(ctx, at)
	if err != nil {
		return heard{}, &dialError{err}
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	id, probe := d.probes.make()
	host, connection := q.host, q.connection
	if host == "" {
		host = at.host
	}
	if connection == "" {
		connection = "close"
	}
	lines := append([]string{
		q.method + " " + q.target + " HTTP/1.1", "Host: " + host, "Connection: " + connection, Header + ": " + probe,
		"User-Agent: nightlatch-doctor",
	}, q.headers...)
	if q.body != "" {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(q.body)))
	}
	var h heard
	_, err = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"+q.body)
	if err == nil {
		var res *http.Response
		res, err = http.ReadResponse(bufio.NewReader(io.LimitReader(conn, headLimit)), &http.Request{Method: q.method})
		if err == nil {
			h.status, h.header = res.StatusCode, res.Header
			_ = res.Body.Close()
		}
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return h, ctx.Err()
	}
	h.seen, err = d.probes.take(context.WithoutCancel(ctx), id)
	return h, err
}

// dialError says that nobody answers at the host, or not by its name.
type dialError struct{ error }

func (e *dialError) Unwrap() error { return e.error }

// checked reports whether the door was asked about a question before it was answered.
func (h heard) checked() bool { return h.at(AtAuthRequest) || h.at(AtForwardAuth) }

// at reports whether the door saw the question at a place, and not only what to show after it was told no.
func (h heard) at(where string) bool {
	for _, s := range h.seen {
		if s.At == where && !s.Refused {
			return true
		}
	}
	return false
}

// afterwards reports whether the door was asked what to show for a refusal that it did not make.
func (h heard) afterwards() bool { return len(h.seen) > 0 && !h.checked() && !h.at(AtHost) }

// served reports whether an answer is one of the application's, as far as that can be told by its status.
func (h heard) served() bool {
	return h.status > 0 && h.status < 400 || h.status == http.StatusNotFound || h.status == http.StatusMethodNotAllowed
}
