package sms

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nightlatch/nightlatch/internal/loopback"
	"github.com/nightlatch/nightlatch/internal/phone"
)

// vonageText is Vonage's SMS API.
func vonageText() Provider {
	return Provider{
		Name: "vonage", Channel: phone.ByText, Posts: true,
		Settings: []Setting{
			{Name: "VONAGE_API_KEY", Needed: true},
			{Name: "VONAGE_API_SECRET", Needed: true},
			{Name: "VONAGE_FROM", Needed: true},
			{Name: "VONAGE_BASE_URL"},
			{Name: "VONAGE_SIGNATURE_SECRET", Shared: true},
			{Name: "VONAGE_SIGNATURE_METHOD", Shared: true},
		},
		Open: openVonageText,
	}
}

func openVonageText(s Setup) (Client, error) {
	secret, method := s.Env["VONAGE_SIGNATURE_SECRET"], s.Env["VONAGE_SIGNATURE_METHOD"]
	cfg := VonageConfig{
		Key: s.Env["VONAGE_API_KEY"], Secret: s.Env["VONAGE_API_SECRET"],
		From: s.Env["VONAGE_FROM"], BaseURL: s.Env["VONAGE_BASE_URL"],
	}
	if secret == "" { // receipts that nobody can check are not asked for
		if method != "" {
			return Client{}, errors.New("VONAGE_SIGNATURE_METHOD is set without VONAGE_SIGNATURE_SECRET: " +
				"receipts need both, or neither")
		}
		v, err := NewVonage(cfg)
		if err != nil {
			return Client{}, err
		}
		return Client{Send: v.Send, Warning: "VONAGE_SIGNATURE_SECRET is not set: no receipts are taken, so nobody " +
			"learns whether a message reached its phone. Switch signed webhooks on at Vonage " +
			"(SHA-256 HMAC) and set the secret."}, nil
	}
	receipts, err := NewVonageReceipts(secret, method)
	if err != nil {
		return Client{}, err
	}
	cfg.Callback = s.Callback
	v, err := NewVonage(cfg)
	if err != nil {
		return Client{}, err
	}
	return Client{Send: v.Send, Read: withoutRef(receipts.Read)}, nil
}

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
	if u.Scheme == "https" || u.Scheme == "http" && loopback.Host(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%s must begin with https:// (http:// is allowed for this machine alone)", name)
}

// Format and LogValue keep the secret out of logs, whatever the verb.
func (cfg VonageConfig) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "vonage settings") }

func (cfg VonageConfig) LogValue() slog.Value { return slog.StringValue("vonage settings") }

func (cfg VonageConfig) MarshalText() ([]byte, error) { return []byte("vonage settings"), nil }

// Format keeps fmt from walking into the settings.
func (v Vonage) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "vonage") }
