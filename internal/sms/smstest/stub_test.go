package smstest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

func form(change ...string) url.Values {
	f := url.Values{"api_key": {"abcd1234"}, "api_secret": {"hush"}, "from": {"Nightlatch"},
		"to": {"12025550143"}, "text": {"hello"}, "ttl": {"20000"}, "client-ref": {"7.1"}}
	for i := 0; i < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

// post returns 0 for an answer that did not come.
func post(t *testing.T, address string, f url.Values) (int, string) {
	t.Helper()
	res, err := http.PostForm(address, f)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	raw, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(raw)
}

func TestAScriptIsPlayedAndThenEverythingIsAccepted(t *testing.T) {
	steps, err := Parse(" 1x2, 0+9,429:2 ,reset,503x2,, slow:1ms,garbage,empty,13")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(steps...)
	defer server.Close()
	for i, want := range []struct {
		code  int
		words string
	}{
		{200, `"status":"1"`}, {200, `"status":"1"`}, {200, `"message-count":"2"`}, {429, ""}, {0, ""}, {503, ""}, {503, ""},
		{200, `"status":"0"`}, {200, "hotel"}, {200, `"messages":[]`}, {200, `"status":"13"`},
		{200, `"status":"0"`}, {200, `"client-ref":"7.1"`},
	} {
		if code, words := post(t, server.BaseURL()+"/json", form()); code != want.code ||
			!strings.Contains(words, want.words) {
			t.Errorf("try %d: %d %s; want %d with %s", i, code, words, want.code, want.words)
		}
	}
	var names []string
	for _, m := range server.Received() {
		names = append(names, m.Step)
	}
	if want := []string{"1", "1", "0+9", "429", "reset", "503", "503", "slow", "garbage", "empty", "13", "0",
		"0"}; !slices.Equal(names, want) {
		t.Errorf("played %v, want %v", names, want)
	}
	if n := len(server.Accepted()); n != 7 {
		t.Errorf("%d accepted, want 7: 0+9, reset, slow, garbage, empty, 0, 0", n)
	}
}

func TestAScriptThatMakesNoSenseIsRefused(t *testing.T) {
	for _, script := range []string{"hang2", "0xz", "0x0", "slow", "slow:soon", "600", "199", "-1", "0+", "0+x", "100"} {
		if _, err := Parse(script); err == nil {
			t.Errorf("%q was taken", script)
		}
	}
}

func TestFaultyRequestsAreAnsweredAsVonageDoes(t *testing.T) {
	server := NewServer()
	defer server.Close()
	server.Credentials("abcd1234", "hush")
	address := server.BaseURL() + "/json"
	for name, row := range map[string]struct {
		address string
		form    url.Values
		want    string
	}{
		"good":             {address, form(), `"status":"0"`},
		"no text":          {address, form("text", ""), `"status":"2"`},
		"wrong secret":     {address, form("api_secret", "loud"), `"status":"4"`},
		"plus":             {address, form("to", "+12025550143"), `"status":"3"`},
		"short ttl":        {address, form("ttl", "19999"), `"status":"3"`},
		"long ref":         {address, form("client-ref", strings.Repeat("r", 41)), `"status":"3"`},
		"in the URL":       {address + "?api_secret=hush", form(), `"status":"3"`},
		"another address":  {server.BaseURL() + "/xml", form(), "404"},
		"twice the suffix": {server.BaseURL(), form(), "404"},
	} {
		if _, body := post(t, row.address, row.form); !strings.Contains(body, row.want) {
			t.Errorf("%s: %s", name, body)
		}
	}
	if n := len(server.Accepted()); n != 1 {
		t.Errorf("%d accepted, want 1", n)
	}
}

func TestAStepsTriesAreCountedOnceHoweverManyAsk(t *testing.T) {
	steps := []Step{Status("1").Times(10)}
	server := NewServer(steps...)
	defer server.Close()
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() { post(t, server.BaseURL()+"/json", form()) })
	}
	all.Wait()
	if n := len(server.Accepted()); n != 20 {
		t.Errorf("%d accepted, want 20", n)
	}
	if steps[0].tries != 10 {
		t.Error("the caller's script was changed")
	}
}
