package sms

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzAnswer feeds answers through the whole of Send, SDK included. Whatever they
// say, Send does not panic, does not repeat the private, and calls nothing sent
// unless every part's status is "0".
func FuzzAnswer(f *testing.F) {
	for _, words := range []string{
		`{"message-count":"1","messages":[{"to":"12025550143","message-id":"0A0","status":"0","remaining-balance":"3.14",` +
			`"message-price":"0.03","network":"20408"}]}`,
		`{"message-count":"2","messages":[{"status":"0"},{"status":"0"}]}`,
		`{"message-count":"2","messages":[{"status":"0"},{"status":"9"}]}`,
		`{"message-count":"0","messages":[]}`,
		`{"messages":[{"status":"9","STATUS":"0"}]}`,
		`{"messages":[{"status":"9","status":"0"}]}`,
		`{"MESSAGES":[{"status":"0"}]}`,
		`{"messages":[null]}`, `null`, `[]`, ``, `{"messages":[{"status":0}]}`,
		`<?xml version="1.0"?><Sms><Messages><Status>0</Status></Messages></Sms>`,
	} {
		f.Add(200, "application/json", []byte(words))
		f.Add(200, "text/xml", []byte(words))
	}
	f.Add(503, "application/json", []byte(`{"messages":[{"status":"0"}]}`))
	f.Add(302, "", []byte{})

	v, err := NewVonage(VonageConfig{
		Key: testKey, Secret: testSecret, From: "Nightlatch", BaseURL: "http://localhost:1/sms",
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code int, contentType string, words []byte) {
		if code < 100 || code > 999 {
			t.Skip("not HTTP")
		}
		once := *v
		once.transport = tripper(func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			return &http.Response{
				StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
				Header: http.Header{"Content-Type": {contentType}},
				Body:   io.NopCloser(strings.NewReader(string(words))), ContentLength: -1, Request: r,
			}, nil
		})
		o := once.Send(t.Context(), Text{To: testTo, Body: testCode, Ref: "1", Life: time.Minute})
		if o.Class == Sent && (code/100 != 2 || !everyPartAccepted(words)) {
			t.Errorf("sent, by %q", words)
		}
		if o.Class == Sent && o.Status != "0" || o.Class != Sent && (o.Status == "0" || o.Reason == "") {
			t.Errorf("outcome %+v contradicts itself", o)
		}
		if shown := fmt.Sprintf("%+v", o); strings.Contains(shown, testTo[1:]) || strings.Contains(shown, testSecret) ||
			len(shown) > 400 {
			t.Errorf("outcome %s", shown)
		}
	})
}

// everyPartAccepted reads an answer in another way than the code does.
func everyPartAccepted(words []byte) bool {
	var top any
	if json.Unmarshal(words, &top) != nil {
		return false
	}
	fields, _ := top.(map[string]any)
	parts, _ := fields["messages"].([]any)
	for _, p := range parts {
		if fields, _ := p.(map[string]any); fields["status"] != any("0") {
			return false
		}
	}
	return len(parts) > 0
}
