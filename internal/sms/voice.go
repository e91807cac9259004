package sms

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/phone"
)

// vonageVoice is Vonage's Voice API.
func vonageVoice() Provider {
	return Provider{
		Name: "voice", Channel: phone.ByCall, Posts: true,
		Settings: []Setting{
			{Name: "VONAGE_APPLICATION_ID", Needed: true},
			{Name: "VONAGE_PRIVATE_KEY_FILE", Needed: true},
			{Name: "VONAGE_VOICE_FROM", Needed: true},
			{Name: "VONAGE_VOICE_BASE_URL"},
			{Name: "VONAGE_SIGNATURE_SECRET", Needed: true, Shared: true},
		},
		Open: openVonageVoice,
	}
}

func openVonageVoice(s Setup) (Client, error) {
	var missing []string
	for _, name := range []string{"VONAGE_APPLICATION_ID", "VONAGE_PRIVATE_KEY_FILE", "VONAGE_VOICE_FROM"} {
		if s.Env[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return Client{}, fmt.Errorf("calls are set up by half: set %s as well, or unset VONAGE_APPLICATION_ID, "+
			"VONAGE_PRIVATE_KEY_FILE, VONAGE_VOICE_FROM and VONAGE_VOICE_BASE_URL", strings.Join(missing, " and "))
	}
	if s.Env["VONAGE_SIGNATURE_SECRET"] == "" {
		return Client{}, errors.New("calls need VONAGE_SIGNATURE_SECRET: the code is spoken after a key was pressed, " +
			"and only its signature says that Vonage sent the key")
	}
	events, err := NewVoiceEvents(s.Env["VONAGE_SIGNATURE_SECRET"])
	if err != nil {
		return Client{}, err
	}
	key, err := readPrivateKey(s.Env["VONAGE_PRIVATE_KEY_FILE"])
	if err != nil {
		return Client{}, err
	}
	v, err := NewVoice(VoiceConfig{
		Application: s.Env["VONAGE_APPLICATION_ID"], PrivateKey: key, From: s.Env["VONAGE_VOICE_FROM"],
		BaseURL: s.Env["VONAGE_VOICE_BASE_URL"], Callback: s.Callback,
	})
	if err != nil {
		return Client{}, err
	}
	return Client{Send: v.Send, Read: events.Read, Key: func(header http.Header, body []byte,
		now time.Time) (string, bool, error) {
		if !IsKey(body) {
			return "", false, ErrNothing
		}
		return events.Key(header, body, now)
	}, Say: Speech.NCCO}, nil
}

// readPrivateKey reads the file of VONAGE_PRIVATE_KEY_FILE. It refuses one that anybody but its owner may read.
func readPrivateKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read VONAGE_PRIVATE_KEY_FILE: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > 64<<10 {
		return nil, fmt.Errorf("VONAGE_PRIVATE_KEY_FILE: %s is not a key file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("VONAGE_PRIVATE_KEY_FILE: %s may be read by others (%#o): run chmod 600 %s", path, mode, path)
	}
	key, err := os.ReadFile(path) // #nosec G304 -- the operator names this file
	if err != nil {
		return nil, fmt.Errorf("read VONAGE_PRIVATE_KEY_FILE: %w", err)
	}
	return key, nil
}

const (
	defaultVoiceURL = "https://api.nexmo.com/v1/calls" // the SDK adds a /, which we take off again

	minRinging  = 10 * time.Second // less is no time to find a phone
	maxRinging  = 30 * time.Second // then the provider gives up
	lengthTimer = 90               // seconds a taken call may last: prompt, key and the code twice take 50
)

// VoiceConfig is what an operator sets for calls. Printing it, by accident, shows nothing.
type VoiceConfig struct {
	Application string        // application id, a UUID
	PrivateKey  []byte        // the application's private key, PEM
	From        string        // the calling number, one of the account's
	BaseURL     string        // https://api.nexmo.com/v1/calls when empty; http on loopback alone
	Callback    string        // where keys and events are posted to, each under /<ref>; https, or http on loopback
	Timeout     time.Duration // of a whole request; 8 s when 0, which is also the most
}

// Voice makes calls through Vonage's Voice API, over its SDK. It is safe for use by
// many goroutines at once.
type Voice struct {
	cfg       *VoiceConfig // fmt prints an inner pointer as an address
	transport http.RoundTripper
}

// NewVoice checks the settings. Its errors are sentences for the operator and repeat
// no setting.
func NewVoice(cfg VoiceConfig) (*Voice, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultVoiceURL
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	cfg.Callback = strings.TrimRight(cfg.Callback, "/")
	if cfg.Timeout == 0 {
		cfg.Timeout = maxTimeout
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.From = strings.TrimPrefix(cfg.From, "+")
	return &Voice{cfg: &cfg, transport: newTransport()}, nil
}

var applicationShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (cfg VoiceConfig) check() error {
	if !applicationShape.MatchString(cfg.Application) {
		return errors.New("VONAGE_APPLICATION_ID must be the application's id, such as 1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f")
	}
	if _, err := cfg.token(time.Now()); err != nil {
		return errors.New("VONAGE_PRIVATE_KEY_FILE does not hold an RSA private key in PEM form") // err may quote it
	}
	if !senderNumber.MatchString(cfg.From) {
		return errors.New("VONAGE_VOICE_FROM must be a number of the account, such as +31201234567")
	}
	if err := checkURL("VONAGE_VOICE_BASE_URL", cfg.BaseURL); err != nil {
		return err
	}
	if err := checkURL("the address for calls", cfg.Callback); err != nil {
		return err
	}
	if cfg.Timeout < 0 || cfg.Timeout > maxTimeout {
		return fmt.Errorf("the time limit for a call must lie between 0 and %s", maxTimeout)
	}
	return nil
}

// Format and LogValue keep the private key out of logs, whatever the verb.
func (cfg VoiceConfig) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "voice settings") }

func (cfg VoiceConfig) LogValue() slog.Value { return slog.StringValue("voice settings") }

func (cfg VoiceConfig) MarshalText() ([]byte, error) { return []byte("voice settings"), nil }

// Format keeps fmt from walking into the settings.
func (v Voice) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "voice") }
