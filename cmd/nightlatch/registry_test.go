package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/phone"
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
		Name: "pigeon", Channel: phone.ByText, Posts: true,
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

// journal is a log that a test reads once its program has ended or while it runs.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// serveWithin runs serve with a registry of the test's own, which only a program within this process can have, until
// the test ends.
func serveWithin(t *testing.T, registry []sms.Provider, env map[string]string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var log journal
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, registry, []string{"serve"}, env, stdio{strings.NewReader(""), io.Discard, &log})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serve ended with %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("serve did not stop within 30 s")
		}
		if text := log.String(); t.Failed() || strings.Contains(text, `level=ERROR msg="request failed"`) {
			t.Errorf("serve logged:\n%s", text)
		}
	})
	program.Eventually(t, program.StartPatience, "serve answers", func() bool {
		res, err := http.Get(env["NIGHTLATCH_URL"] + "/login")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// A provider is one file and a line in the registry: it is configured, routed, sent through and counted, its receipts
// are taken and its reasons shown, and nothing else names it.
func TestAMadeUpProviderNeedsNothingElse(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	var loft flock
	registry := append(sms.Providers(), loft.pigeon())
	address, metrics := program.FreeAddress(t), program.FreeAddress(t)
	env := program.With(in.Env, "SMS_PROVIDER", "pigeon", "PIGEON_LOFT", "roof", "NIGHTLATCH_ADDR", address,
		"NIGHTLATCH_URL", "http://"+address, "NIGHTLATCH_METRICS_ADDR", metrics)
	serveWithin(t, registry, env)

	b := program.NewBrowser(t, env["NIGHTLATCH_URL"])
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	program.Eventually(t, 10*time.Second, "a pigeon flies", func() bool { return len(loft.sent()) == 1 })
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
	if forged, genuine := report("mud"), report("wax"); forged != 401 || genuine != 204 {
		t.Errorf("a forged receipt is answered with %d, a real one with %d", forged, genuine)
	}
	b.LineSays(10*time.Second, "Delivered", "done")
	b.Enters(program.CodeIn(t, text.Body)).On("/settings/me")

	// Without grain the next code goes by the next provider, and the operator reads why.
	loft.mu.Lock()
	loft.refuses = true
	loft.mu.Unlock()
	in.Crowd(1, "jdoe")
	program.NewBrowser(t, env["NIGHTLATCH_URL"]).LogIn("ACME", "u1", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	ops := program.NewBrowser(t, env["NIGHTLATCH_URL"])
	ops.Get("/operator/login").Press("Log in", "username", "ops", "password", program.Password, "code",
		program.AppCode(t, program.NewOperator(t, in.Env, "ops"), 0)).On("/operator").Says("pigeon gets no messages since")
	ops.Get("/operator/waiting?office=ACME&username=u1").Says("pigeon refuses our account (status no grain: no credit)")

	if p := program.NewBrowser(t, "http://"+metrics).Get("/metrics"); p.Status != 200 ||
		!strings.Contains(p.Body, `nightlatch_sends_total{class="sent",provider="pigeon"} 1`) ||
		!strings.Contains(p.Body, `nightlatch_receipts_refused_total{provider="pigeon"} 1`) {
		t.Errorf("the metrics do not count it: %d", p.Status)
	}
	var out, stderr strings.Builder
	_ = run(t.Context(), registry, []string{"doctor"}, env, stdio{strings.NewReader(""), &out, &stderr})
	for _, line := range []string{"The settings of pigeon have the right form", "PIGEON_LOFT has no roof",
		"The breaker of pigeon"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("doctor does not say %q: %s", line, out.String())
		}
	}
	out.Reset()
	_ = run(t.Context(), registry, []string{"doctor"}, program.With(env, "PIGEON_LOFT", ""),
		stdio{strings.NewReader(""), &out, &stderr})
	if !strings.Contains(out.String(), "PIGEON_LOFT is missing") {
		t.Errorf("without its setting doctor says %s", out.String())
	}
}
