package smstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestReceiptsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, script := range []string{"", "gone", "delivered:soon", "delivered>", "early-", "34@"} {
		if r, err := ParseReceipts(script); err == nil {
			t.Errorf("%q was taken: %+v", script, r)
		}
	}
	if _, err := Parse("0>gone"); err == nil {
		t.Error("a step with a receipt that makes no sense was taken")
	}
	got, err := ParseReceipts("early-accepted > 34@failed:2s")
	if want := []Receipt{{Status: "accepted", Early: true},
		{Status: "failed", ErrCode: "34", After: 2 * time.Second}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsReportedOfAMessageStandsInItsStepOrIsTheSameForAll(t *testing.T) {
	var mu sync.Mutex
	var got []string
	box := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		fields, _ := url.ParseQuery(string(raw))
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fields.Get("client-ref")+" "+fields.Get("status")+" "+fields.Get("sig"))
	}))
	defer box.Close()
	server := NewServer(Accept().Receipts(), Status("9"), Reset().Receipts(Receipt{Status: "failed"}))
	defer server.Close()
	server.Report(Receipt{Status: "delivered"})
	for _, ref := range []string{"none", "refused", "reset", "usual", "nobody"} {
		callback := box.URL
		if ref == "nobody" {
			callback = ""
		}
		post(t, server.BaseURL()+"/json", form("client-ref", ref, "callback", callback))
		time.Sleep(100 * time.Millisecond) // a refused message's receipt would be there by now
	}
	mu.Lock()
	defer mu.Unlock()
	if want := "reset failed , usual delivered "; strings.Join(got, ", ") != want {
		t.Errorf("reported were %q", got)
	}
}

func TestFaultyCallsAreAnsweredAsVonageDoes(t *testing.T) {
	server := NewVoice()
	defer server.Close()
	const good = `{"to":[{"type":"phone","number":"31612345678"}],
		"from":{"type":"phone","number":"31201234567"},"event_url":["http://localhost/e/ref.1"],
		"event_method":"POST",
		"ncco":[{"action":"talk","text":"Press","language":"en-GB"},
		{"action":"input","type":["dtmf"],"eventUrl":["http://localhost/k/ref.1"]}]}`
	token := "Bearer " + EventToken("a secret of some length", []byte(good), time.Now())
	for name, row := range map[string]struct {
		body, token string
		code        int
	}{
		"good":           {good, token, 201},
		"no token":       {good, "", 401},
		"not a token":    {good, "Bearer x", 401},
		"a plus":         {strings.Replace(good, `"31612`, `"+31612`, 1), token, 400},
		"no input type":  {strings.Replace(good, `"type":["dtmf"],`, "", 1), token, 400},
		"no events":      {strings.Replace(good, `"event_url"`, `"x"`, 1), token, 400},
		"another action": {strings.Replace(good, `"talk"`, `"sing"`, 1), token, 400},
		"not json":       {"x", token, 400},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.BaseURL(), strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", row.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != row.code {
			t.Errorf("%s: %d, want %d", name, res.StatusCode, row.code)
		}
	}
	for _, c := range server.Received() {
		if c.Accepted && (c.Ref != "ref.1" || c.Prompt != "Press" || c.KeyURL != "http://localhost/k/ref.1") {
			t.Errorf("%+v", c)
		}
	}
}
