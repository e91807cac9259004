package sms

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxAnswer  = 64 << 10  // bytes; a real answer has a few hundred
	maxRequest = 64 << 10  // bytes; ours has a few hundred
	maxAfter   = time.Hour // a code does not live that long
)

// call is the one HTTP request of one send. The SDK knows no context and no headers,
// and its errors leave out what decides; it takes an http.Client, so all of that
// happens down here, for every provider alike.
//
// A call serves one send and is used from one goroutine; only its body is shared
// with the transport's.
type call struct {
	ctx     context.Context
	base    http.RoundTripper
	private []string                              // must not come back in an outcome
	refused func(code int, answer []byte) Outcome // judges an answer that is not 2xx; nil is classifyHTTP

	begun bool          // a request was made
	body  *body         // the one being written, nil before
	ended *Outcome      // how it ended, when not in a 2xx answer that could be read
	after time.Duration // the answer's Retry-After
}

// errEnded is what the SDK gets for every ending that call.ended tells better.
var errEnded = errors.New("the call has ended")

// do makes the request with our context and this body, and returns what a 2xx answer
// says. For every other ending it returns errEnded and has noted the outcome.
func (c *call) do(asked *http.Request, content string) ([]byte, error) {
	c.begun = true
	res, err := c.base.RoundTrip(c.request(asked, content))
	if err != nil {
		return nil, c.end(c.broken(err))
	}
	defer func() { _ = res.Body.Close() }()
	c.after = retryAfter(res.Header.Get("Retry-After"), time.Now())

	// Read to the end, also where the status has said it all: a connection whose
	// answer was not read is not used again.
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if res.StatusCode/100 != 2 {
		// A redirect ends here too: http.Client never sees it, and the secret
		// does not travel on.
		o := classifyHTTP(res.StatusCode)
		if c.refused != nil && err == nil {
			o = c.refused(res.StatusCode, raw)
		}
		o.After = c.after
		return nil, c.end(o)
	}
	if err != nil {
		return nil, c.end(c.broken(err))
	}
	if len(raw) > maxAnswer {
		return nil, c.unreadable()
	}
	return raw, nil
}

func (c *call) end(o Outcome) error {
	c.ended = &o
	return errEnded
}

// wrong ends a call whose request was never fit to be made.
func (c *call) wrong() error {
	return c.end(Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong})
}

// unreadable ends a call whose answer says nothing.
func (c *call) unreadable() error {
	return c.end(Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable, After: c.after})
}

// request is the asked one with another body. GetBody is what lets the
// transport start again on a new connection when an idle one turns out to be dead
// and nothing was written to it: the one repetition that is safe.
func (c *call) request(asked *http.Request, content string) *http.Request {
	req := asked.Clone(c.ctx)
	next := func() (io.ReadCloser, error) {
		c.body = &body{r: strings.NewReader(content)}
		return c.body, nil
	}
	req.Body, _ = next()
	req.GetBody = next
	req.ContentLength = int64(len(content))
	req.Header.Del("Content-Length") // the SDK sets it by hand, for its own body
	return req
}

// broken judges a call without an answer. Whether anything left this machine is
// the whole question, and the body answers it: see seal.
func (c *call) broken(err error) Outcome {
	if c.body.seal() {
		o := Outcome{Class: Retry, Status: statusDial, Reason: NoConnection}
		var certificate *tls.CertificateVerificationError
		var record tls.RecordHeaderError
		switch {
		case errors.Is(c.ctx.Err(), context.Canceled):
			o.Status = statusStopped
		case errors.As(err, &certificate), errors.As(err, &record):
			o.Status = statusTLS
		}
		return o
	}
	o := Outcome{Class: Unknown, Status: statusReset, Reason: NoAnswer, After: c.after}
	var slow net.Error
	switch {
	case errors.Is(c.ctx.Err(), context.Canceled):
		o.Status = statusStopped
	case c.ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		o.Status = statusTimeout
	}
	return o
}

// body is a request body that can prove it was not written. The transport writes
// in a goroutine of its own, which may still start after RoundTrip has given up:
// looking at a flag at that moment proves nothing. So the first Read and seal
// compete for the state, and whoever comes second loses.
type body struct {
	r     *strings.Reader
	state atomic.Int32
}

const (
	bodyFresh int32 = iota
	bodyRead
	bodySealed
)

// seal reports whether nothing of the body was handed out, and makes sure that
// nothing ever will be.
func (b *body) seal() bool {
	return b.state.CompareAndSwap(bodyFresh, bodySealed)
}

func (b *body) Read(p []byte) (int, error) {
	b.state.CompareAndSwap(bodyFresh, bodyRead)
	if b.state.Load() == bodySealed {
		return 0, errEnded
	}
	return b.r.Read(p)
}

func (b *body) Close() error { return nil }

// taken is the body that the SDK made, to be sent changed.
func taken(sdk *http.Request) ([]byte, error) {
	defer func() { _ = sdk.Body.Close() }()
	return io.ReadAll(io.LimitReader(sdk.Body, maxRequest))
}

// plainResponse is an answer as the SDKs like it.
func plainResponse(sdk *http.Request, code int, answer any) (*http.Response, error) {
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: strconv.Itoa(code) + " " + http.StatusText(code), StatusCode: code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(raw)),
		ContentLength: int64(len(raw)),
		Request:       sdk,
	}, nil
}

// retryAfter reads the header's two forms, seconds and a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		seconds = max(0, min(seconds, int64(maxAfter/time.Second)))
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, min(date.Sub(now), maxAfter))
	}
	return 0
}
