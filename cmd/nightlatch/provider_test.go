package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

const (
	signatureSecret = "planted-signature-1893"
	webhookSecret   = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldC0yNGJ5dGVz"
	testHooks       = "https://login.acme.example/hooks/abcdefghijklmnopqrstuvwxyz"
)

// rsaKey is the text of a private key, made once.
var rsaKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

func vonageEnv(pairs ...string) map[string]string {
	return with(map[string]string{"SMS_PROVIDER": "vonage", "VONAGE_API_KEY": "abcd1234", "VONAGE_API_SECRET": apiSecret, "VONAGE_FROM": "Nightlatch"}, pairs...)
}

func voiceEnv(t *testing.T, pairs ...string) map[string]string {
	t.Helper()
	return with(vonageEnv("VONAGE_SIGNATURE_SECRET", signatureSecret, "VONAGE_APPLICATION_ID", "1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f",
		"VONAGE_PRIVATE_KEY_FILE", keyFile(t, rsaKey(), 0o600), "VONAGE_VOICE_FROM", "+31201234567"), pairs...)
}

func providersOf(t *testing.T, env map[string]string) (message.Carriers, error) {
	t.Helper()
	cfg, err := readConfig(sms.Providers(), env)
	if err != nil {
		return message.Carriers{}, err
	}
	return newCarriers(cfg, testHooks, message.NewDemoPhone(nil))
}

func TestTheConfigurationSaysWhoseTurnItIs(t *testing.T) {
	t.Parallel()
	gateway := []string{"SMS_WEBHOOK_URL", "https://gateway.example/send", "SMS_WEBHOOK_SECRET", webhookSecret}
	for name, row := range map[string]struct {
		env            map[string]string
		nl, us, called string
	}{
		"vonage":                  {vonageEnv(), "vonage", "vonage", ""},
		"vonage and a gateway":    {vonageEnv(gateway...), "vonage webhook", "vonage webhook", ""},
		"the gateway first":       {vonageEnv(append(gateway, "SMS_PROVIDER", "webhook")...), "webhook vonage", "webhook vonage", ""},
		"a gateway alone":         {with(nil, append(gateway, "SMS_PROVIDER", "webhook")...), "webhook", "webhook", ""},
		"routes":                  {vonageEnv(append(gateway, "SMS_ROUTES", "NL,BE=webhook>vonage; *=vonage")...), "webhook vonage", "vonage", ""},
		"calls":                   {voiceEnv(t), "vonage", "vonage", "voice"},
		"demo":                    {map[string]string{"SMS_PROVIDER": "demo"}, "demo", "demo", "voice"},
		"a gateway and its calls": {voiceEnv(t, append(gateway, "SMS_ROUTES", "*=webhook")...), "webhook", "webhook", "voice"},
	} {
		p, err := providersOf(t, row.env)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nl, us, called := strings.Join(p.Route("NL", "sms"), " "), strings.Join(p.Route("US", "sms"), " "), strings.Join(p.Route("NL", "call"), " ")
		if nl != row.nl || us != row.us || called != row.called || p.Calls() != (called != "") {
			t.Errorf("%s: NL %q, US %q, calls %q", name, nl, us, called)
		}
		for _, route := range []string{nl, us, called} {
			for _, provider := range strings.Fields(route) {
				if cfg, _ := readConfig(sms.Providers(), row.env); !p.Demo() && !slices.Contains(cfg.providers(), provider) {
					t.Errorf("%s: %s is not set up", name, provider)
				}
			}
		}
	}
}

func TestProvidersBySettingsThatMakeNoSenseStopTheStart(t *testing.T) {
	t.Parallel()
	gateway := []string{"SMS_WEBHOOK_URL", "https://gateway.example/send", "SMS_WEBHOOK_SECRET", webhookSecret}
	open := keyFile(t, rsaKey(), 0o640)
	for name, row := range map[string]struct {
		env  map[string]string
		says []string
	}{
		"none":                           {map[string]string{}, []string{"SMS_PROVIDER is not set", "webhook"}},
		"calls by half":                  {voiceEnv(t, "VONAGE_VOICE_FROM", "", "VONAGE_APPLICATION_ID", ""), []string{"by half", "set VONAGE_APPLICATION_ID and VONAGE_VOICE_FROM as well"}},
		"only a voice address":           {vonageEnv("VONAGE_VOICE_BASE_URL", "http://localhost:1/v1/calls"), []string{"by half"}},
		"calls without a signature":      {voiceEnv(t, "VONAGE_SIGNATURE_SECRET", ""), []string{"calls need VONAGE_SIGNATURE_SECRET"}},
		"a private key others may read":  {voiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", open), []string{"may be read by others", "chmod 600"}},
		"a private key that is not":      {voiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", filepath.Join(t.TempDir(), "none")), []string{"read VONAGE_PRIVATE_KEY_FILE"}},
		"a folder for a private key":     {voiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", t.TempDir()), []string{"is not a key file"}},
		"another kind of file":           {voiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", keyFile(t, signatureSecret, 0o600)), []string{"does not hold an RSA private key"}},
		"a short signature secret":       {vonageEnv("VONAGE_SIGNATURE_SECRET", "short"), []string{"VONAGE_SIGNATURE_SECRET must be"}},
		"an unknown signature method":    {vonageEnv("VONAGE_SIGNATURE_SECRET", signatureSecret, "VONAGE_SIGNATURE_METHOD", "sha1"), []string{"VONAGE_SIGNATURE_METHOD must be"}},
		"a method without a secret":      {vonageEnv("VONAGE_SIGNATURE_METHOD", "md5"), []string{"VONAGE_SIGNATURE_METHOD is set without"}},
		"a gateway by half":              {vonageEnv("SMS_WEBHOOK_URL", "https://gateway.example/send"), []string{"SMS_WEBHOOK_SECRET is missing"}},
		"a gateway's secret alone":       {vonageEnv("SMS_WEBHOOK_SECRET", webhookSecret), []string{"SMS_WEBHOOK_URL is missing"}},
		"a gateway without anything":     {map[string]string{"SMS_PROVIDER": "webhook"}, []string{"SMS_WEBHOOK_URL is missing"}},
		"vonage by half beside it":       {with(nil, append(gateway, "SMS_PROVIDER", "webhook", "VONAGE_API_KEY", "abcd1234")...), []string{"VONAGE_API_SECRET is missing"}},
		"a route to whom is not set up":  {vonageEnv("SMS_ROUTES", "*=webhook>vonage"), []string{"SMS_ROUTES", `"webhook", which is not set up: there is vonage`}},
		"a route to calls":               {voiceEnv(t, "SMS_ROUTES", "*=voice"), []string{"SMS_ROUTES", `"voice"`}},
		"a route of no country":          {vonageEnv("SMS_ROUTES", "QQ=vonage;*=vonage"), []string{"SMS_ROUTES", `"QQ" is not a country`}},
		"a route for some":               {vonageEnv("SMS_ROUTES", "NL=vonage"), []string{"SMS_ROUTES has no rule for all other countries"}},
		"demo with a gateway's settings": {with(nil, append(gateway, "SMS_PROVIDER", "demo")...), []string{"SMS_PROVIDER is demo, but SMS_WEBHOOK_SECRET, SMS_WEBHOOK_URL is set", "SMS_PROVIDER=webhook"}},
		"another provider":               {map[string]string{"SMS_PROVIDER": "voice"}, []string{`"voice" and should be vonage, webhook or demo`}},
	} {
		_, err := providersOf(t, row.env)
		if err == nil {
			t.Errorf("%s is taken", name)
			continue
		}
		for _, words := range row.says {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %q lacks %q", name, err, words)
			}
		}
		for _, secret := range []string{apiSecret, signatureSecret, webhookSecret, "BEGIN RSA"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %q tells a secret", name, err)
			}
		}
	}
	if info, err := os.Stat(open); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("the open key file is %v, %v: the test proves nothing", info, err)
	}
}

func TestEachProviderSaysTheCodeInItsWay(t *testing.T) {
	t.Parallel()
	texts, calls, gateway := smstest.NewServer(), smstest.NewVoice(), smstest.NewGateway(webhookSecret)
	t.Cleanup(texts.Close)
	t.Cleanup(calls.Close)
	t.Cleanup(gateway.Close)
	p, err := providersOf(t, voiceEnv(t, "VONAGE_BASE_URL", texts.BaseURL(), "VONAGE_VOICE_BASE_URL", calls.BaseURL(),
		"SMS_WEBHOOK_URL", gateway.URL(), "SMS_WEBHOOK_SECRET", webhookSecret, "NIGHTLATCH_URL", "https://login.acme.example"))
	if err != nil {
		t.Fatal(err)
	}
	text := message.Text{To: "+31612345678", Language: "nl", Code: "493817", Ref: "abcdefghijklmnopqrstuvwxyz.1", Life: 4*time.Minute + time.Second}
	for _, name := range []string{"vonage", "webhook", "voice"} {
		if o := p.Send(t.Context(), name, text); o.Class != sms.Sent || o.ProviderID == "" || o.Arrived {
			t.Errorf("%s: %+v", name, o)
		}
	}
	const words = "493817 is uw verificatiecode voor Nightlatch. De code is 5 minuten geldig.\n@login.acme.example #493817"
	if m := texts.Received()[0]; m.Text != words || m.Callback != testHooks+"/vonage" || !m.Receipt {
		t.Errorf("the text is %+v", m)
	}
	if m := gateway.Received()[0]; m.Text != words || m.Callback != testHooks+"/webhook" {
		t.Errorf("the gateway's text is %+v", m)
	}
	if c := calls.Received()[0]; c.KeyURL != testHooks+"/voice/"+text.Ref || c.Language != "nl-NL" || strings.Contains(string(c.Raw), text.Code) {
		t.Errorf("the call is %+v: %s", c, c.Raw)
	}
	if o := p.Send(t.Context(), "pigeon", text); o.Class != sms.Account || o.Status == "" {
		t.Errorf("a provider that is gone: %+v", o)
	}
	// Without the signature secret nobody is asked to report.
	p, err = providersOf(t, vonageEnv("VONAGE_BASE_URL", texts.BaseURL()))
	if err != nil {
		t.Fatal(err)
	}
	p.Send(t.Context(), "vonage", text)
	if m := texts.Received()[1]; m.Callback != "" || m.Receipt {
		t.Errorf("receipts are asked for: %+v", m)
	}
}

func TestTheDemoPhoneAlsoTakesCalls(t *testing.T) {
	t.Parallel()
	in := install(t)
	cfg, err := readConfig(sms.Providers(), map[string]string{"SMS_PROVIDER": "demo"})
	if err != nil {
		t.Fatal(err)
	}
	demo := message.NewDemoPhone(in.pool)
	p, err := newCarriers(cfg, testHooks, demo)
	if err != nil {
		t.Fatal(err)
	}
	text := message.Text{To: "+31612345678", Language: "en", Code: "493817", Ref: "x.1", Life: 4 * time.Minute}
	for _, channel := range []sms.Channel{sms.ByText, sms.ByCall} {
		if o := p.Send(t.Context(), p.Route("NL", channel)[0], text); o.Class != sms.Sent || !o.Arrived {
			t.Errorf("%s: %+v", channel, o)
		}
	}
	shown, err := demo.Texts(context.Background())
	if err != nil || len(shown) != 2 {
		t.Fatalf("%v, %v", shown, err)
	}
	bodies := []string{shown[0].Body, shown[1].Body}
	slices.Sort(bodies)
	if !strings.HasPrefix(bodies[0], "493817 is your Nightlatch") || bodies[1] != "Call: your code is 4 9 3 8 1 7" {
		t.Errorf("the phone shows %q", bodies)
	}
}
