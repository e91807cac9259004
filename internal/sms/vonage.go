package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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

const (
	defaultBaseURL = "https://rest.nexmo.com/sms" // the SDK adds /json

	maxTimeout = 8 * time.Second  // the whole call; the job around it has 15 s
	minTTL     = 20 * time.Second // Vonage takes no less
	maxTTL     = 72 * time.Hour   // Vonage's default
	maxRef     = 40               // characters of client-ref
)

// VonageConfig is what an operator sets. Printing it, by accident, shows nothing.
type VonageConfig struct {
	Key      string        // API key, exactly 8 characters
	Secret   string        // API secret
	From     string        // sender: at most 11 GSM characters, or a number
	BaseURL  string        // https://rest.nexmo.com/sms when empty; http on loopback alone
	Receipts bool          // ask for delivery receipts, at the address set in Vonage's dashboard
	Callback string        // ask for them at this address; https, or http on loopback
	Timeout  time.Duration // of a whole call; 8 s when 0, which is also the most
}

// Vonage sends through Vonage's SMS API, over its SDK. It is safe for use by many
// goroutines at once.
type Vonage struct {
	cfg       *VonageConfig // fmt prints an inner pointer as an address
	transport http.RoundTripper
}

// NewVonage checks the settings, so that a wrong one stops the program at start
// and not the first log-in on Monday. Its errors are sentences for the operator
// and repeat no setting.
func NewVonage(cfg VonageConfig) (*Vonage, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultBaseURL
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	if cfg.Timeout == 0 {
		cfg.Timeout = maxTimeout
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if senderNumber.MatchString(cfg.From) {
		cfg.From = strings.TrimPrefix(cfg.From, "+")
	}
	return &Vonage{cfg: &cfg, transport: newTransport()}, nil
}

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
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    3 * time.Second,
		Protocols:              protocols,
		MaxIdleConnsPerHost:    32,               // Vonage takes 30 requests a second
		IdleConnTimeout:        30 * time.Second, // below a server's usual 60: a connection that dies as we write makes a send unknown
		MaxResponseHeaderBytes: maxAnswer,
	}
}

// Name is the provider's name as stored beside each send.
func (v *Vonage) Name() string { return "vonage" }

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
	o = judge(parts)
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

var senderNumber = regexp.MustCompile(`^\+?[0-9]{3,15}$`) // short codes have 3 digits and more

func (cfg VonageConfig) check() error {
	if n := utf8.RuneCountInString(cfg.Key); n != 8 {
		return fmt.Errorf("VONAGE_API_KEY must be exactly 8 characters; this one has %d", n)
	}
	if strings.ContainsFunc(cfg.Key, notVisible) {
		return errors.New("VONAGE_API_KEY holds a blank or another character that no key has")
	}
	if cfg.Secret == "" {
		return errors.New("VONAGE_API_SECRET is missing")
	}
	if strings.ContainsFunc(cfg.Secret, notVisible) {
		return errors.New("VONAGE_API_SECRET holds a blank or another character that no secret has")
	}
	if err := checkSender(cfg.From); err != nil {
		return err
	}
	if err := checkURL("VONAGE_BASE_URL", cfg.BaseURL); err != nil {
		return err
	}
	if strings.HasSuffix(cfg.BaseURL, "/json") {
		return errors.New("VONAGE_BASE_URL must be given without /json at its end, which is added to it")
	}
	if cfg.Callback != "" {
		if err := checkURL("the address for receipts", cfg.Callback); err != nil {
			return err
		}
	}
	if cfg.Timeout < 0 || cfg.Timeout > maxTimeout {
		return fmt.Errorf("the time limit for a call must lie between 0 and %s", maxTimeout)
	}
	return nil
}

func notVisible(r rune) bool { return r <= ' ' || r > '~' }

func checkSender(from string) error {
	if from == "" {
		return errors.New("VONAGE_FROM is missing: the name or number that messages come from")
	}
	if senderNumber.MatchString(from) {
		return nil
	}
	septets, ok := GSM7(from)
	if !ok || septets > 11 || strings.ContainsAny(from, "\r\n\f") || strings.TrimSpace(from) != from {
		return errors.New("VONAGE_FROM must be a number, or a name of at most 11 plain characters")
	}
	return nil
}

// checkURL: the secret goes there in the body, so the way must be encrypted,
// except to this machine itself.
func checkURL(name, raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return fmt.Errorf("%s must be a whole address, such as %s", name, defaultBaseURL) // err would quote it
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return fmt.Errorf("%s must hold no password, no ? and no #", name)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%s must begin with https:// (http:// is allowed for this machine alone)", name)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Format and LogValue keep the secret out of logs, whatever the verb.
func (cfg VonageConfig) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "vonage settings") }

func (cfg VonageConfig) LogValue() slog.Value { return slog.StringValue("vonage settings") }

func (cfg VonageConfig) MarshalText() ([]byte, error) { return []byte("vonage settings"), nil }

// Format keeps fmt from walking into the settings.
func (v Vonage) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "vonage") }
