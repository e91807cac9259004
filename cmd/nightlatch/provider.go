package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/sms"
)

// provider is what every provider of sms is.
type provider interface {
	Name() string
	Send(context.Context, sms.Text) sms.Outcome
}

// The providers' names, in the configuration and beside each send.
const (
	byVonage  = "vonage"
	byWebhook = "webhook"
	byVoice   = "voice" // calls; never in SMS_ROUTES
	byDemo    = "demo"
)

var errNoProvider = errors.New("SMS_PROVIDER is not set: use vonage (with VONAGE_API_KEY, VONAGE_API_SECRET and VONAGE_FROM), webhook (with SMS_WEBHOOK_URL and SMS_WEBHOOK_SECRET), or demo to try it out on this machine")

// providers are all that are set up, and whose turn it is.
type providers struct {
	all    map[string]provider
	routes sms.Routes
	awaits map[string]bool // a receipt follows what this one takes
	calls  bool            // "Call me instead" can be offered
	demo   bool            // nothing leaves this machine
	words  message.Words
}

// newProviders makes the providers that the configuration names, and checks their settings now rather than at
// the first log-in on Monday. hookBase is the address under which they reach us.
func newProviders(cfg config, hookBase string, demo *message.DemoPhone) (providers, error) {
	p := providers{all: map[string]provider{}, awaits: map[string]bool{}, words: message.NewWords(cfg.product, cfg.url.Hostname())}
	var texts []string // the providers of text messages, in the order in which they are tried
	if cfg.isDemo() {
		p.demo, p.calls, texts = true, true, []string{byDemo}
		p.all[byDemo], p.all[byVoice] = sms.NewDemo(demo.Keep), sms.NewDemo(demo.Keep)
	} else {
		if _, err := newReaders(cfg); err != nil {
			return p, err
		}
		if cfg.uses(byVonage) {
			v, err := newVonage(cfg, hookBase)
			if err != nil {
				return p, err
			}
			p.all[byVonage], texts = v, append(texts, byVonage)
			p.awaits[byVonage] = cfg.vonage["VONAGE_SIGNATURE_SECRET"] != ""
		}
		if cfg.uses(byWebhook) {
			w, err := sms.NewWebhook(sms.WebhookConfig{URL: cfg.webhook["SMS_WEBHOOK_URL"], Secret: cfg.webhook["SMS_WEBHOOK_SECRET"], Callback: hookBase + "/webhook"})
			if err != nil {
				return p, err
			}
			p.all[byWebhook], texts = w, append(texts, byWebhook)
			p.awaits[byWebhook] = true
		}
		if cfg.uses(byVoice) {
			v, err := newVoice(cfg, hookBase)
			if err != nil {
				return p, err
			}
			p.all[byVoice], p.awaits[byVoice], p.calls = v, true, true
		}
	}
	if len(texts) == 0 {
		return p, errNoProvider
	}
	if cfg.provider == byWebhook {
		slices.Reverse(texts) // the one that SMS_PROVIDER names comes first
	}
	p.routes = sms.RoutesTo(texts...)
	if cfg.routes != "" {
		routes, err := sms.ParseRoutes(cfg.routes, texts, func(code string) bool { return phone.Country(code).CallingCode() != 0 })
		if err != nil {
			return p, err
		}
		p.routes = routes
	}
	return p, nil
}

func newVonage(cfg config, hookBase string) (*sms.Vonage, error) {
	c := sms.VonageConfig{
		Key: cfg.vonage["VONAGE_API_KEY"], Secret: cfg.vonage["VONAGE_API_SECRET"], From: cfg.vonage["VONAGE_FROM"], BaseURL: cfg.vonage["VONAGE_BASE_URL"],
	}
	if cfg.vonage["VONAGE_SIGNATURE_SECRET"] != "" { // receipts that nobody can check are not asked for
		c.Callback = hookBase + "/vonage"
	}
	return sms.NewVonage(c)
}

func newVoice(cfg config, hookBase string) (*sms.Voice, error) {
	var missing []string
	for _, name := range []string{"VONAGE_APPLICATION_ID", "VONAGE_PRIVATE_KEY_FILE", "VONAGE_VOICE_FROM"} {
		if cfg.vonage[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("calls are set up by half: set %s as well, or unset VONAGE_APPLICATION_ID, VONAGE_PRIVATE_KEY_FILE, VONAGE_VOICE_FROM and VONAGE_VOICE_BASE_URL", strings.Join(missing, " and "))
	}
	if cfg.vonage["VONAGE_SIGNATURE_SECRET"] == "" {
		return nil, errors.New("calls need VONAGE_SIGNATURE_SECRET: the code is spoken after a key was pressed, and only its signature says that Vonage sent the key")
	}
	key, err := readPrivate(cfg.vonage["VONAGE_PRIVATE_KEY_FILE"])
	if err != nil {
		return nil, err
	}
	return sms.NewVoice(sms.VoiceConfig{
		Application: cfg.vonage["VONAGE_APPLICATION_ID"], PrivateKey: key, From: cfg.vonage["VONAGE_VOICE_FROM"],
		BaseURL: cfg.vonage["VONAGE_VOICE_BASE_URL"], Callback: hookBase + "/voice",
	})
}

// readPrivate reads the file of VONAGE_PRIVATE_KEY_FILE. It is refused when anybody but its owner may read it.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read VONAGE_PRIVATE_KEY_FILE: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > 64<<10 {
		return nil, fmt.Errorf("VONAGE_PRIVATE_KEY_FILE: %s is not a key file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("VONAGE_PRIVATE_KEY_FILE: %s may be read by others (%#o): run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	key, err := os.ReadFile(path) // #nosec G304 -- the operator names this file
	if err != nil {
		return nil, fmt.Errorf("read VONAGE_PRIVATE_KEY_FILE: %w", err)
	}
	return key, nil
}

// Route answers the providers to try for a message, the first first: none where the channel cannot be offered.
func (p providers) Route(country string, channel sms.Channel) []string {
	if channel != sms.ByCall {
		return p.routes.For(country)
	}
	if !p.calls {
		return nil
	}
	return []string{byVoice}
}

// Send makes one call to one provider: it puts a code into words, and says whether a receipt will follow.
func (p providers) Send(ctx context.Context, name string, t message.Text) sms.Outcome {
	to, found := p.all[name]
	if !found { // a message from before the configuration changed: the next provider may have it
		return sms.Outcome{Class: sms.Account, Status: "not set up"}
	}
	text := sms.Text{To: t.To, Ref: t.Ref, Life: t.Life}
	switch {
	case name != byVoice:
		text.Body = p.words.Text(t.Language, t.Code, t.Life)
	case p.demo:
		text.Body = p.words.DemoCall(t.Language, t.Code)
	default:
		text.Prompt = p.words.Prompt(t.Language)
	}
	o := to.Send(ctx, text)
	o.After, o.Arrived, o.Awaited = min(o.After, time.Minute), p.demo && o.Class == sms.Sent, p.awaits[name]
	return o
}
