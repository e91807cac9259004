package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

func TestTheProgramPlaysItsScriptAndPrintsWhatItGot(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, printed := io.Pipe()
	notes, noted := io.Pipe()
	ended := make(chan error)
	go func() {
		ended <- run(ctx, []string{
			"-addr", "localhost:0", "-script", "1", "-key", "abcd1234", "-secret", "hush",
		}, printed, noted)
	}()
	line, err := bufio.NewReader(notes).ReadString('\n')
	_, base, found := strings.Cut(strings.TrimSpace(line), "VONAGE_BASE_URL=")
	if err != nil || !found {
		t.Fatalf("%q, %v", line, err)
	}

	received := make(chan smstest.Message, 3)
	go func() {
		decoder := json.NewDecoder(out)
		for {
			var m smstest.Message
			if decoder.Decode(&m) != nil {
				return
			}
			received <- m
		}
	}()
	v, err := sms.NewVonage(sms.VonageConfig{Key: "abcd1234", Secret: "hush", From: "Nightlatch", BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	text := sms.Text{To: "+12025550143", Body: "hello", Ref: "7.1", Life: time.Minute}
	for _, class := range []sms.Class{sms.Wait, sms.Sent} {
		if o := v.Send(t.Context(), text); o.Class != class {
			t.Errorf("class %q, want %q", o.Class, class)
		}
		if m := <-received; m.Text != "hello" || m.Accepted != (class == sms.Sent) || m.TTL != time.Minute {
			t.Errorf("printed %+v", m)
		}
	}

	root := strings.TrimSuffix(base, "/sms")
	for script, code := range map[string]int{"9": http.StatusNoContent, "nonsense": http.StatusBadRequest} {
		if got := put(t, root+"/script", script); got != code {
			t.Errorf("script %q: %d, want %d", script, got, code)
		}
	}
	if o := v.Send(t.Context(), text); o.Reason != sms.NoCredit {
		t.Errorf("the new script was not played: %+v", o)
	}
	res, err := http.Get(root + "/received")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var all []smstest.Message
	if err := json.NewDecoder(res.Body).Decode(&all); err != nil || len(all) != 3 {
		t.Errorf("received %+v, %v", all, err)
	}

	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func put(t *testing.T, address, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestTheProgramRefusesWhatWouldHarm(t *testing.T) {
	for _, args := range [][]string{
		{"-addr", "0.0.0.0:0"}, {"-addr", ":0"}, {"-addr", "nowhere.invalid:0"}, {"-script", "nonsense"}, {"-nonsense"},
		{"-report", "gone"},
	} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestTheProgramTakesCallsAndReports(t *testing.T) {
	const signature = "0123456789abcdef"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	posted := make(chan string, 16)
	box := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		posted <- string(raw)
		if sms.IsKey(raw) {
			_, _ = w.Write(sms.Speech{Language: "en-GB", Text: "Your code is 4. 9. 3. 8. 1. 7."}.NCCO())
		}
	}))
	defer box.Close()
	ctx, stop := context.WithCancel(t.Context())
	out, printed := io.Pipe()
	notes, noted := io.Pipe()
	ended := make(chan error)
	go func() {
		ended <- run(ctx, []string{
			"-addr", "localhost:0", "-signature-secret", signature, "-report", "delivered",
		}, printed, noted)
	}()
	line, err := bufio.NewReader(notes).ReadString('\n')
	_, base, found := strings.Cut(strings.TrimSpace(line), "VONAGE_BASE_URL=")
	if err != nil || !found {
		t.Fatalf("%q, %v", line, err)
	}
	voice, err := sms.NewVoice(sms.VoiceConfig{
		Application: "1c4bb2f6-0c9f-4e4c-9a53-2b3c7a4d5e6f", From: "31201234567", Callback: box.URL,
		PrivateKey: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		BaseURL:    strings.TrimSuffix(base, "/sms") + "/v1/calls",
	})
	if err != nil {
		t.Fatal(err)
	}
	text := sms.Text{
		To: "+12025550143", Ref: "7.1", Life: time.Minute, Prompt: sms.Speech{Language: "en-GB", Text: "Press a key."},
	}
	if o := voice.Send(t.Context(), text); o.Class != sms.Sent {
		t.Errorf("%+v", o)
	}
	decoder := json.NewDecoder(out)
	var call heard
	if err := decoder.Decode(&call); err != nil || !strings.Contains(call.Said, "4. 9. 3. 8. 1. 7.") ||
		call.Call.Ref != "7.1" || call.Status != 200 {
		t.Errorf("heard %+v, %v", call, err)
	}
	if n := len(posted); n != 5 {
		t.Errorf("%d events were posted, want started, ringing, answered, the key and completed", n)
	}
	for len(posted) > 0 {
		<-posted
	}
	v, err := sms.NewVonage(sms.VonageConfig{
		Key: "abcd1234", Secret: "hush", From: "Nightlatch", BaseURL: base, Callback: box.URL,
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { var m smstest.Message; _ = decoder.Decode(&m) }()
	if o := v.Send(t.Context(), sms.Text{To: "+12025550143", Body: "hello", Ref: "7.1",
		Life: time.Minute}); o.Class != sms.Sent {
		t.Errorf("%+v", o)
	}
	if receipt := <-posted; !strings.Contains(receipt, "status=delivered") || !strings.Contains(receipt, "sig=") {
		t.Errorf("reported %s", receipt)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
