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
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxAnswer = 64 << 10  // bytes; a real answer has a few hundred
	maxForm   = 64 << 10  // bytes; ours has a few hundred
	maxAfter  = time.Hour // a code does not live that long
)

// call is the one HTTP request of one send. The SDK knows no context, no ttl and
// no headers; it takes an http.Client, so all of that happens down here, and what
// the SDK's errors leave out is noted on the way.
//
// A call serves one send and is used from one goroutine; only its body is shared
// with the transport's.
type call struct {
	ctx     context.Context
	base    http.RoundTripper
	ttl     time.Duration
	private []string // must not come back in an outcome

	begun bool          // the SDK did make a request
	body  *body         // the one being written, nil before
	ended *Outcome      // how it ended, when not in a well-formed answer
	after time.Duration // the answer's Retry-After
}

// errEnded is what the SDK gets for every ending that call.ended tells better.
var errEnded = errors.New("the call has ended")

// RoundTrip sends the SDK's request with our context and with ttl in its form,
// and lets nothing but a well-formed answer back to the SDK.
func (c *call) RoundTrip(sdk *http.Request) (*http.Response, error) {
	c.begun = true
	form, err := readForm(sdk)
	if err != nil {
		return c.end(Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong})
	}
	form.Set("ttl", strconv.FormatInt(c.ttl.Milliseconds(), 10))

	res, err := c.base.RoundTrip(c.request(sdk, form.Encode()))
	if err != nil {
		return c.end(c.broken(err))
	}
	defer func() { _ = res.Body.Close() }()
	c.after = retryAfter(res.Header.Get("Retry-After"), time.Now())

	// Read to the end, also where the status has said it all: a connection whose
	// answer was not read is not used again.
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if res.StatusCode/100 != 2 {
		// A redirect ends here too: http.Client never sees it, and the secret
		// does not travel on.
		o := judgeHTTP(res.StatusCode)
		o.After = c.after
		return c.end(o)
	}
	if err != nil {
		return c.end(c.broken(err))
	}
	a, err := readAnswer(raw, c.private...)
	if err != nil || len(raw) > maxAnswer {
		return c.end(Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable, After: c.after})
	}
	return plainResponse(sdk, a)
}

func (c *call) end(o Outcome) (*http.Response, error) {
	c.ended = &o
	return nil, errEnded
}

// request is the SDK's request with another form. GetBody is what lets the
// transport start again on a new connection when an idle one turns out to be dead
// and nothing was written to it: the one repetition that is safe.
func (c *call) request(sdk *http.Request, form string) *http.Request {
	req := sdk.Clone(c.ctx)
	next := func() (io.ReadCloser, error) {
		c.body = &body{r: strings.NewReader(form)}
		return c.body, nil
	}
	req.Body, _ = next()
	req.GetBody = next
	req.ContentLength = int64(len(form))
	req.Header.Del("Content-Length") // the SDK sets it by hand, for its own form
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

// readForm takes over the form the SDK made.
func readForm(sdk *http.Request) (url.Values, error) {
	defer func() { _ = sdk.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(sdk.Body, maxForm))
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(raw))
}

// plainResponse is the answer as the SDK likes it.
func plainResponse(sdk *http.Request, a answer) (*http.Response, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK,
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
