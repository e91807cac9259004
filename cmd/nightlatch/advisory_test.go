package main

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"time"
)

// CVE-2020-15105 (33 of docs/advisories.md): between the password and the code nobody keeps the password: not the
// database, not the queue, not the log, not a cookie, not a page; in the clear or written otherwise.
func TestThePasswordIsNowhereWhileALogInIsPending(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", itsNumber)
	n := talkative(t, in.env)
	b := newBrowser(t, n.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(1, 10*time.Second)
	places := in.dump()
	if in.ask("select count(*) from sessions where ended_at is null and level = 1") != "1" {
		t.Fatal("no log-in is pending")
	}
	places["the log"] = n.log.String() + n.out.String()
	for _, e := range b.seen.list() {
		places["a page"] += e.body + e.location + e.query
		for _, c := range e.cookies {
			places["a cookie"] += c.Value + " "
		}
	}
	if places["a cookie"] == "" || places["the log"] == "" {
		t.Fatal("there is nothing to look through")
	}
	for form, s := range map[string]string{
		"itself": password, "base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(password)), "="), "hex": hex.EncodeToString([]byte(password)), "an address": url.QueryEscape(password),
	} {
		for place, text := range places {
			if strings.Contains(text, s) {
				t.Errorf("the password stands in %s as %s", place, form)
			}
		}
	}
}
