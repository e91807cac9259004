package sms

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vonage/vonage-go-sdk"
)

// newTransport is shared by all sends, so that connections stay open.
//
// A proxy from the environment is used, as everywhere in Go: many offices have no
// other way out. The secret is safe with it: https goes through as a tunnel, and
// http is allowed on loopback alone, which is never proxied.
//
// HTTP/1.1 on purpose: each connection carries one request, so a broken one makes
// one send unknown and not all that are under way.
func newTransport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 3 * time.Second,
		Protocols:           protocols,
		MaxIdleConnsPerHost: 32, // Vonage takes 30 requests a second
		// below a server's usual 60: a connection that dies as we write makes a send unknown
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxAnswer,
	}
}

// mobile is E.164 with its +. The SDK itself takes 7 to 15 digits.
var mobile = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Send makes one call, within 8 s and within ctx, and says how it ended. It makes
// no second try of its own: whether one is allowed is the caller's to count.
func (v *Vonage) Send(ctx context.Context, t Text) (o Outcome) {
	if !mobile.MatchString(t.To) || t.Body == "" || utf8.RuneCountInString(t.Ref) > maxRef {
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	}
	// The SDK indexes into answers. call lets only those through that bear it; this
	// is for what nobody has seen yet. Nothing of the panic may be shown: it can
	// quote the answer.
	defer func() {
		if recover() != nil {
			o = Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Timeout)
	defer cancel()

	to := strings.TrimPrefix(t.To, "+")
	c := &smsCall{
		call: call{ctx: ctx, base: v.transport, private: []string{to, v.cfg.Secret, v.cfg.Key}},
		ttl:  min(max(t.Life, minTTL), maxTTL),
	}
	// A client per send: the SDK's client has no context and writes to its own
	// configuration while sending.
	client := vonage.NewSMSClient(vonage.CreateAuthFromKeySecret(v.cfg.Key, v.cfg.Secret))
	client.Config.BasePath = v.cfg.BaseURL
	client.Config.HTTPClient = &http.Client{Transport: c}

	result, _, err := client.Send(v.cfg.From, to, t.Body, v.options(t))
	switch {
	case c.ended != nil:
		return *c.ended
	case err != nil && !c.begun: // the SDK refused before it called
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	case err != nil:
		return Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
	}
	parts := make([]part, 0, len(result.Messages))
	for _, m := range result.Messages {
		parts = append(parts, part{m.MessageId, m.Status, m.RemainingBalance, m.MessagePrice, m.Network})
	}
	o = classify(parts)
	o.After = c.after
	return o
}

// smsCall is a call of the SMS API, whose ttl the SDK does not know.
type smsCall struct {
	call
	ttl time.Duration
}

// RoundTrip sends the SDK's request with ttl in its form, and lets nothing but a
// well-formed answer back to the SDK.
func (c *smsCall) RoundTrip(sdk *http.Request) (*http.Response, error) {
	raw, err := taken(sdk)
	if err != nil {
		return nil, c.wrong()
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, c.wrong()
	}
	form.Set("ttl", strconv.FormatInt(c.ttl.Milliseconds(), 10))
	raw, err = c.do(sdk, form.Encode())
	if err != nil {
		return nil, err
	}
	a, err := readAnswer(raw, c.private...)
	if err != nil {
		return nil, c.unreadable()
	}
	return plainResponse(sdk, http.StatusOK, a)
}

// options: unicode halves what fits in a segment, so it is asked for only when
// GSM-7 cannot write the text. Without it such a text would arrive as "????".
func (v *Vonage) options(t Text) vonage.SMSOpts {
	opts := vonage.SMSOpts{
		StatusReportReq: v.cfg.Receipts || v.cfg.Callback != "",
		Callback:        v.cfg.Callback,
		ClientRef:       t.Ref,
	}
	if _, ok := GSM7(t.Body); !ok {
		opts.Type = "unicode"
	}
	return opts
}
