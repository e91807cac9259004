package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

func providersOf(t *testing.T, env map[string]string) (message.Carriers, error) {
	t.Helper()
	cfg, err := readConfig(sms.Providers(), env)
	if err != nil {
		return message.Carriers{}, err
	}
	return newCarriers(cfg, program.TestHooks, message.NewDemoPhone(nil))
}

func TestTheConfigurationSaysWhoseTurnItIs(t *testing.T) {
	t.Parallel()
	gateway := []string{"SMS_WEBHOOK_URL", "https://gateway.example/send", "SMS_WEBHOOK_SECRET", program.WebhookSecret}
	for name, row := range map[string]struct {
		env            map[string]string
		nl, us, called string
	}{
		"vonage":               {program.VonageEnv(), "vonage", "vonage", ""},
		"vonage and a gateway": {program.VonageEnv(gateway...), "vonage webhook", "vonage webhook", ""},
		"the gateway first": {program.VonageEnv(append(gateway, "SMS_PROVIDER", "webhook")...), "webhook vonage",
			"webhook vonage", ""},
		"a gateway alone": {program.With(nil, append(gateway, "SMS_PROVIDER", "webhook")...),
			"webhook", "webhook", ""},
		"routes": {program.VonageEnv(append(gateway, "SMS_ROUTES", "NL,BE=webhook>vonage; *=vonage")...),
			"webhook vonage", "vonage", ""},
		"calls": {program.VoiceEnv(t), "vonage", "vonage", "voice"},
		"demo":  {map[string]string{"SMS_PROVIDER": "demo"}, "demo", "demo", "voice"},
		"a gateway and its calls": {program.VoiceEnv(t, append(gateway, "SMS_ROUTES", "*=webhook")...), "webhook",
			"webhook", "voice"},
	} {
		p, err := providersOf(t, row.env)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nl, us, called := strings.Join(p.Route("NL", "sms"), " "), strings.Join(p.Route("US", "sms"), " "),
			strings.Join(p.Route("NL", "call"), " ")
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
	gateway := []string{"SMS_WEBHOOK_URL", "https://gateway.example/send", "SMS_WEBHOOK_SECRET", program.WebhookSecret}
	open := program.KeyFile(t, program.RSAKey(), 0o640)
	for name, row := range map[string]struct {
		env  map[string]string
		says []string
	}{
		"none": {map[string]string{}, []string{"SMS_PROVIDER is not set", "webhook"}},
		"calls by half": {program.VoiceEnv(t, "VONAGE_VOICE_FROM", "", "VONAGE_APPLICATION_ID", ""),
			[]string{"by half", "set VONAGE_APPLICATION_ID and VONAGE_VOICE_FROM as well"}},
		"only a voice address": {program.VonageEnv("VONAGE_VOICE_BASE_URL", "http://localhost:1/v1/calls"),
			[]string{"by half"}},
		"calls without a signature": {program.VoiceEnv(t, "VONAGE_SIGNATURE_SECRET", ""),
			[]string{"calls need VONAGE_SIGNATURE_SECRET"}},
		"a private key others may read": {program.VoiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", open),
			[]string{"may be read by others", "chmod 600"}},
		"a private key that is not": {program.VoiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", filepath.Join(t.TempDir(), "none")),
			[]string{"read VONAGE_PRIVATE_KEY_FILE"}},
		"a folder for a private key": {program.VoiceEnv(t, "VONAGE_PRIVATE_KEY_FILE", t.TempDir()),
			[]string{"is not a key file"}},
		"another kind of file": {program.VoiceEnv(t, "VONAGE_PRIVATE_KEY_FILE",
			program.KeyFile(t, program.SignatureSecret, 0o600)), []string{"does not hold an RSA private key"}},
		"a short signature secret": {program.VonageEnv("VONAGE_SIGNATURE_SECRET", "short"),
			[]string{"VONAGE_SIGNATURE_SECRET must be"}},
		"an unknown signature method": {program.VonageEnv("VONAGE_SIGNATURE_SECRET", program.SignatureSecret,
			"VONAGE_SIGNATURE_METHOD", "sha1"), []string{"VONAGE_SIGNATURE_METHOD must be"}},
		"a method without a secret": {program.VonageEnv("VONAGE_SIGNATURE_METHOD", "md5"),
			[]string{"VONAGE_SIGNATURE_METHOD is set without"}},
		"a gateway by half": {program.VonageEnv("SMS_WEBHOOK_URL", "https://gateway.example/send"),
			[]string{"SMS_WEBHOOK_SECRET is missing"}},
		"a gateway's secret alone": {program.VonageEnv("SMS_WEBHOOK_SECRET", program.WebhookSecret),
			[]string{"SMS_WEBHOOK_URL is missing"}},
		"a gateway without anything": {map[string]string{"SMS_PROVIDER": "webhook"},
			[]string{"SMS_WEBHOOK_URL is missing"}},
		"vonage by half beside it": {program.With(nil, append(gateway, "SMS_PROVIDER", "webhook", "VONAGE_API_KEY",
			"abcd1234")...), []string{"VONAGE_API_SECRET is missing"}},
		"a route to whom is not set up": {program.VonageEnv("SMS_ROUTES", "*=webhook>vonage"), []string{
			"SMS_ROUTES", `"webhook", which is not set up: there is vonage`,
		}},
		"a route to calls": {program.VoiceEnv(t, "SMS_ROUTES", "*=voice"), []string{"SMS_ROUTES", `"voice"`}},
		"a route of no country": {program.VonageEnv("SMS_ROUTES", "QQ=vonage;*=vonage"),
			[]string{"SMS_ROUTES", `"QQ" is not a country`}},
		"a route for some": {program.VonageEnv("SMS_ROUTES", "NL=vonage"), []string{
			"SMS_ROUTES has no rule for all other countries",
		}},
		"demo with a gateway's settings": {program.With(nil, append(gateway, "SMS_PROVIDER", "demo")...), []string{
			"SMS_PROVIDER is demo, but SMS_WEBHOOK_SECRET, SMS_WEBHOOK_URL is set", "SMS_PROVIDER=webhook",
		}},
		"another provider": {map[string]string{"SMS_PROVIDER": "voice"}, []string{
			`"voice" and should be vonage, webhook or demo`,
		}},
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
		for _, secret := range []string{program.APISecret, program.SignatureSecret, program.WebhookSecret, "BEGIN RSA"} {
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
	texts, calls, gateway := smstest.NewServer(), smstest.NewVoice(), smstest.NewGateway(program.WebhookSecret)
	t.Cleanup(texts.Close)
	t.Cleanup(calls.Close)
	t.Cleanup(gateway.Close)
	p, err := providersOf(t, program.VoiceEnv(t, "VONAGE_BASE_URL", texts.BaseURL(),
		"VONAGE_VOICE_BASE_URL", calls.BaseURL(),
		"SMS_WEBHOOK_URL", gateway.URL(), "SMS_WEBHOOK_SECRET", program.WebhookSecret, "NIGHTLATCH_URL",
		"https://login.acme.example"))
	if err != nil {
		t.Fatal(err)
	}
	text := message.Text{
		To: "+31612345678", Language: "nl", Code: "493817", Ref: "abcdefghijklmnopqrstuvwxyz.1",
		Life: 4*time.Minute + time.Second,
	}
	for _, name := range []string{"vonage", "webhook", "voice"} {
		if o := p.Send(t.Context(), name, text); o.Class != sms.Sent || o.ProviderID == "" || o.Arrived {
			t.Errorf("%s: %+v", name, o)
		}
	}
	const words = "493817 is uw verificatiecode voor Nightlatch. De code is 5 minuten geldig.\n@login.acme.example #493817"
	if m := texts.Received()[0]; m.Text != words || m.Callback != program.TestHooks+"/vonage" || !m.Receipt {
		t.Errorf("the text is %+v", m)
	}
	if m := gateway.Received()[0]; m.Text != words || m.Callback != program.TestHooks+"/webhook" {
		t.Errorf("the gateway's text is %+v", m)
	}
	if c := calls.Received()[0]; c.KeyURL != program.TestHooks+"/voice/"+text.Ref || c.Language != "nl-NL" ||
		strings.Contains(string(c.Raw), text.Code) {
		t.Errorf("the call is %+v: %s", c, c.Raw)
	}
	if o := p.Send(t.Context(), "pigeon", text); o.Class != sms.Account || o.Status == "" {
		t.Errorf("a provider that is gone: %+v", o)
	}
	// Without the signature secret nobody is asked to report.
	p, err = providersOf(t, program.VonageEnv("VONAGE_BASE_URL", texts.BaseURL()))
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
	in := program.Install(t)
	cfg, err := readConfig(sms.Providers(), map[string]string{"SMS_PROVIDER": "demo"})
	if err != nil {
		t.Fatal(err)
	}
	demo := message.NewDemoPhone(in.Pool)
	p, err := newCarriers(cfg, program.TestHooks, demo)
	if err != nil {
		t.Fatal(err)
	}
	text := message.Text{To: "+31612345678", Language: "en", Code: "493817", Ref: "x.1", Life: 4 * time.Minute}
	for _, channel := range []phone.Channel{phone.ByText, phone.ByCall} {
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
