package sms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// Provider is a service that brings codes to phones. It is one file, which makes this value, and a line in
// [Providers]: configuration, routes, receipts, metrics and the operator's pages range over these values, and nothing
// else in the program names a provider.
type Provider struct {
	Name     string        // a to z; in SMS_PROVIDER, SMS_ROUTES and addresses, in metrics, and beside each send
	Channel  phone.Channel // what it carries
	Settings []Setting     // the environment variables that it reads
	Demo     bool          // it shows codes on a page of this machine, and must never be set up beside another
	Posts    bool          // it reports to /hooks/<token>/<Name>, and about one call to /hooks/<token>/<Name>/<Ref>

	// Open checks the settings, at start and not at the first log-in on Monday. Its errors are sentences for the
	// operator and repeat no secret.
	Open func(Setup) (Client, error)
}

// Setting is an environment variable that a provider reads.
type Setting struct {
	Name   string
	Needed bool // the provider cannot be opened without it
	Shared bool // other providers read it, too: alone it sets up none
}

// Setup is what a provider is opened with.
type Setup struct {
	Env      map[string]string // its settings; one that is not set is ""
	Callback string            // the address that it may post to
	Keep     Keep              // for a demo alone
}

// Keep receives a text that is shown instead of being sent.
type Keep func(ctx context.Context, to, body string) error

// Client is a provider that is set up. It is safe for use by many goroutines at once.
type Client struct {
	// Send makes one call. Every ending is an outcome, and its Reason is the provider's own explanation.
	Send func(ctx context.Context, t Text) Outcome
	// Read checks and reads what the provider posted; nil when nothing that it posts could be believed. ref is that of
	// the send where the address had one, else "". It returns ErrSignature, ErrStale, ErrMalformed or ErrNothing.
	Read func(header http.Header, body []byte, now time.Time, ref string) (Receipt, error)
	// Key reads the answer to the prompt of a call: whether a key was pressed, and the call's id. It returns
	// ErrNothing for any other post, and else what Read returns. It is nil where Channel is not ByCall.
	Key func(header http.Header, body []byte, now time.Time) (id string, pressed bool, err error)
	// Say writes the answer to the post of a key: what the voice says next. It is nil where Key is.
	Say func(Speech) []byte
	// Warning tells the operator what works less well with these settings than it could; "" for nothing.
	Warning string
}

// Providers returns every provider, in the order in which they are tried.
func Providers() []Provider {
	return []Provider{vonageText(), webhook(), vonageVoice(), demo()}
}

// Config is what an operator chose.
type Config struct {
	Provider string            // SMS_PROVIDER: tried first
	Routes   string            // SMS_ROUTES; "" tries every provider everywhere
	Env      map[string]string // the providers' settings

	IsCountry func(code string) bool // whether two letters are a country
}

// Settings returns the environment variables that providers read, by what env says of them. What is blank is unset.
func Settings(registry []Provider, env map[string]string) map[string]string {
	set := map[string]string{}
	for _, p := range registry {
		for _, s := range p.Settings {
			if value := env[s.Name]; value != "" {
				set[s.Name] = value
			}
		}
	}
	return set
}

// SetUp returns those of the registry that are to be set up: the one that SMS_PROVIDER names, which is the first of its
// channel, and each that has a setting of its own; or the demo alone.
func (c Config) SetUp(registry []Provider) []Provider {
	var set []Provider
	for _, p := range registry {
		switch named := p.Name == c.Provider; {
		case named && p.Demo:
			return []Provider{p}
		case named:
			set = slices.Insert(set, 0, p)
		case c.Provider != "" && p.hasOwn(c.Env):
			set = append(set, p)
		}
	}
	return set
}

// IsDemo reports whether SMS_PROVIDER names a demo.
func (c Config) IsDemo(registry []Provider) bool {
	return slices.ContainsFunc(registry, func(p Provider) bool { return p.Demo && p.Name == c.Provider })
}

// hasOwn reports whether a setting of this provider alone is set.
func (p Provider) hasOwn(env map[string]string) bool {
	return slices.ContainsFunc(p.Settings, func(s Setting) bool { return !s.Shared && env[s.Name] != "" })
}

// Check returns a sentence for the operator when SMS_PROVIDER is not a provider of texts, or when it names a demo
// beside the settings of something real. It accepts no provider at all: not every command sends.
func (c Config) Check(registry []Provider) error {
	if c.Provider == "" {
		return nil
	}
	texts := texts(registry)
	i := slices.IndexFunc(texts, func(p Provider) bool { return p.Name == c.Provider })
	if i < 0 {
		return fmt.Errorf("SMS_PROVIDER is %q and should be %s", c.Provider, list(names(texts), "or"))
	}
	if !texts[i].Demo || len(c.Env) == 0 {
		return nil
	}
	instead := texts[0]
	for _, p := range slices.Backward(texts) {
		if slices.ContainsFunc(p.Settings, func(s Setting) bool { return c.Env[s.Name] != "" }) {
			instead = p
		}
	}
	return fmt.Errorf("SMS_PROVIDER is %s, but %s is set: use SMS_PROVIDER=%s for real messages, or unset it",
		c.Provider, strings.Join(slices.Sorted(maps.Keys(c.Env)), ", "), instead.Name)
}

// ErrNoProvider returns the sentence that says which providers of texts there are.
func ErrNoProvider(registry []Provider) error {
	var uses []string
	for _, p := range texts(registry) {
		var needed []string
		for _, s := range p.Settings {
			if s.Needed {
				needed = append(needed, s.Name)
			}
		}
		switch {
		case p.Demo:
			uses = append(uses, "or "+p.Name+" to try it out on this machine")
		case len(needed) > 0:
			uses = append(uses, p.Name+" (with "+list(needed, "and")+")")
		default:
			uses = append(uses, p.Name)
		}
	}
	return errors.New("SMS_PROVIDER is not set: use " + strings.Join(uses, ", "))
}

// withoutRef is Client.Read for a provider whose receipts bring the ref themselves.
func withoutRef(
	read func(http.Header, []byte, time.Time) (Receipt, error),
) func(http.Header, []byte, time.Time, string) (Receipt, error) {
	return func(header http.Header, body []byte, now time.Time, _ string) (Receipt, error) {
		return read(header, body, now)
	}
}

func texts(registry []Provider) []Provider {
	return slices.DeleteFunc(slices.Clone(registry), func(p Provider) bool { return p.Channel != phone.ByText })
}

func names(providers []Provider) []string {
	all := make([]string, len(providers))
	for i, p := range providers {
		all[i] = p.Name
	}
	return all
}

// list writes words with commas, and the last one after a word such as "or".
func list(words []string, last string) string {
	n := len(words) - 1
	if n < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
