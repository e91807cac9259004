package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/vonage/vonage-go-sdk"
	"github.com/vonage/vonage-go-sdk/ncco"
)

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

// Name is the provider's name as stored beside each send.
func (v *Voice) Name() string { return "voice" }

// callRef is a ref that can stand in an address: that is where the provider brings it back.
var callRef = regexp.MustCompile(`^[0-9A-Za-z._-]{1,40}$`)

// Send asks for one call, within 8 s and within ctx, and says how that ended. The code
// is not in it. Sent means that the provider will dial; whether anybody picked up and
// pressed a key comes later, to Callback.
func (v *Voice) Send(ctx context.Context, t Text) (o Outcome) {
	if !mobile.MatchString(t.To) || !callRef.MatchString(t.Ref) {
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	}
	ctx, cancel := context.WithTimeout(ctx, v.cfg.Timeout)
	defer cancel()
	to, url := strings.TrimPrefix(t.To, "+"), v.cfg.Callback+"/"+t.Ref
	c := &voiceCall{
		call: call{ctx: ctx, base: v.transport, private: []string{to, v.cfg.From}},
		ncco: prompt(t.Prompt, url),
	}
	// The SDK asserts that every error is one of its own, and panics on any other, such
	// as ours from RoundTrip. Nothing of the panic may be shown: it can quote the request.
	defer func() {
		if r := recover(); c.ended != nil {
			o = *c.ended
		} else if r != nil {
			o = Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
		}
	}()
	// A token per send: it lives for a quarter of an hour, which the SDK's client outlives.
	auth, err := vonage.CreateAuthFromAppPrivateKey(v.cfg.Application, v.cfg.PrivateKey)
	if err != nil {
		return Outcome{Class: Account, Status: statusRequest, Reason: Credentials}
	}
	client := vonage.NewVoiceClient(auth)
	client.Config.BasePath = v.cfg.BaseURL
	client.Config.HTTPClient = &http.Client{Transport: c}

	opts := vonage.CreateCallOpts{
		From: vonage.CallFrom{Number: v.cfg.From}, To: vonage.CallTo{Number: to},
		EventUrl: []string{url}, EventMethod: http.MethodPost,
		RingingTimer: int32(min(max(t.Life, minRinging), maxRinging) / time.Second), LengthTimer: lengthTimer, MachineDetection: "hangup",
	}
	opts.Ncco.AddAction(ncco.TalkAction{Text: "-"}) // RoundTrip puts ours in its place
	result, _, err := client.CreateCall(opts)
	switch {
	case c.ended != nil:
		return *c.ended
	case !c.begun:
		return Outcome{Class: Ours, Status: statusRequest, Reason: RequestWrong}
	// The SDK calls some refusals a success without an id. RoundTrip lets none of them
	// through, and this is the second lock.
	case err != nil, result.Uuid == "":
		return Outcome{Class: Unknown, Status: statusUnreadable, Reason: Unreadable}
	}
	return Outcome{Class: Sent, Status: "0", ProviderID: safe(result.Uuid, idShape, c.private...), After: c.after, Parts: 1}
}

// voiceCall is a call of the Voice API.
type voiceCall struct {
	call
	ncco []action
}

// RoundTrip sends the SDK's request with our NCCO in it, and lets nothing but the
// answer of a call that will be made back to the SDK.
func (c *voiceCall) RoundTrip(sdk *http.Request) (*http.Response, error) {
	raw, err := taken(sdk)
	if err != nil {
		return nil, c.wrong()
	}
	var request map[string]any
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, c.wrong()
	}
	request["ncco"] = c.ncco
	if raw, err = json.Marshal(request); err != nil {
		return nil, c.wrong()
	}
	sdk.URL.Path = strings.TrimSuffix(sdk.URL.Path, "/") // the documented address has none
	if raw, err = c.do(sdk, string(raw)); err != nil {
		return nil, err
	}
	// Into a map: encoding/json matches struct fields without regard to case.
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(raw, &answer); err != nil || word(answer["uuid"]) == "" {
		return nil, c.unreadable()
	}
	return plainResponse(sdk, http.StatusCreated, map[string]string{"uuid": word(answer["uuid"])})
}

var applicationShape = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (cfg VoiceConfig) check() error {
	if !applicationShape.MatchString(cfg.Application) {
		return errors.New("VONAGE_APPLICATION_ID must be the application's id, such as 1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f")
	}
	if _, err := vonage.CreateAuthFromAppPrivateKey(cfg.Application, cfg.PrivateKey); err != nil {
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
