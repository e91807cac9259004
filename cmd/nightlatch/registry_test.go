package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// flock is a made-up provider: it takes each text in turn, or refuses it as its script says.
type flock struct {
	mu       sync.Mutex
	refuses  bool
	texts    []sms.Text
	callback string
}

// pigeon is the whole of the provider: this value, and a line in a registry.
func (f *flock) pigeon() sms.Provider {
	return sms.Provider{
		Name: "pigeon", Channel: sms.ByText, Posts: true,
		Settings: []sms.Setting{{Name: "PIGEON_LOFT", Needed: true}},
		Open: func(s sms.Setup) (sms.Client, error) {
			if s.Env["PIGEON_LOFT"] == "" {
				return sms.Client{}, errors.New("PIGEON_LOFT is missing: where the pigeons live")
			}
			f.callback = s.Callback
			return sms.Client{Send: f.send, Read: f.read, Warning: "PIGEON_LOFT has no roof"}, nil
		},
	}
}

func (f *flock) send(_ context.Context, t sms.Text) sms.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts = append(f.texts, t)
	if f.refuses {
		return sms.Outcome{Class: sms.Account, Status: "no grain", Reason: sms.NoCredit}
	}
	return sms.Outcome{Class: sms.Sent, Status: "0", ProviderID: fmt.Sprintf("ring-%d", len(f.texts))}
}

func (f *flock) read(header http.Header, _ []byte, _ time.Time, _ string) (sms.Receipt, error) {
	if header.Get("Seal") != "wax" {
		return sms.Receipt{}, sms.ErrSignature
	}
	return sms.Receipt{ProviderID: "ring-1", Ref: header.Get("Ref"), Status: sms.Delivered}, nil
}

func (f *flock) sent() []sms.Text {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.texts
}

// A provider is one file and a line in the registry: it is configured, routed, sent through and counted, its receipts
// are taken and its reasons shown, and nothing else names it.
func TestAMadeUpProviderNeedsNothingElse(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "+31657431290")
	var loft flock
	registry := append(sms.Providers(), loft.pigeon())
	address, metrics := freeAddress(t), freeAddress(t)
	env := with(in.env, "SMS_PROVIDER", "pigeon", "PIGEON_LOFT", "roof", "NIGHTLATCH_ADDR", address,
		"NIGHTLATCH_URL", "http://"+address, "NIGHTLATCH_METRICS_ADDR", metrics)
	n := within(t, func(ctx context.Context, n *node) error {
		return run(ctx, registry, []string{"serve"}, env, stdio{strings.NewReader(""), n.out, n.log})
	})

	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	eventually(t, 10*time.Second, "a pigeon flies", func() bool { return len(loft.sent()) == 1 })
	text := loft.sent()[0]
	if !strings.HasPrefix(loft.callback, "http://"+address+"/hooks/") || !strings.HasSuffix(loft.callback, "/pigeon") {
		t.Errorf("its address is %s", loft.callback)
	}
	report := func(seal string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, loft.callback, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Seal", seal)
		r.Header.Set("Ref", text.Ref)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if forged, real := report("mud"), report("wax"); forged != 401 || real != 204 {
		t.Errorf("a forged receipt is answered with %d, a real one with %d", forged, real)
	}
	b.lineSays(10*time.Second, "Delivered", "done")
	b.enters(codeIn(t, text.Body)).on("/settings/me")

	// Without grain the next code goes by the next provider, and the operator reads why.
	loft.mu.Lock()
	loft.refuses = true
	loft.mu.Unlock()
	in.crowd(1, "jdoe")
	newBrowser(t, n.url).logIn("ACME", "u1", password).on("/login/code")
	in.texts(1, 10*time.Second)
	ops := newBrowser(t, n.url)
	ops.get("/operator/login").press("Log in", "username", "ops", "password", password, "code",
		appCode(t, newOperator(t, in.env, "ops"), 0)).on("/operator").says("pigeon gets no messages since")
	ops.get("/operator/waiting?office=ACME&username=u1").says("pigeon refuses our account (status no grain: no credit)")

	if status, all := fetch(t, "http://"+metrics+"/metrics"); status != 200 ||
		!strings.Contains(all, `nightlatch_sends_total{class="sent",provider="pigeon"} 1`) ||
		!strings.Contains(all, `nightlatch_receipts_refused_total{provider="pigeon"} 1`) {
		t.Errorf("the metrics do not count it: %d", status)
	}
	var out, stderr strings.Builder
	_ = run(t.Context(), registry, []string{"doctor"}, env, stdio{strings.NewReader(""), &out, &stderr})
	for _, line := range []string{"The settings of pigeon have the right form", "PIGEON_LOFT has no roof", "The breaker of pigeon"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("doctor does not say %q: %s", line, out.String())
		}
	}
	out.Reset()
	_ = run(t.Context(), registry, []string{"doctor"}, with(env, "PIGEON_LOFT", ""), stdio{strings.NewReader(""), &out, &stderr})
	if !strings.Contains(out.String(), "PIGEON_LOFT is missing") {
		t.Errorf("without its setting doctor says %s", out.String())
	}
}
