package security

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// CVE-2020-15105 (33 of docs/advisories.md): between the password and the code nobody keeps the password: not the
// database, not the queue, not the log, not a cookie, not a page; in the clear or written otherwise.
func TestThePasswordIsNowhereWhileALogInIsPending(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", program.ItsNumber)
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	places := in.Dump()
	if in.Ask("select count(*) from sessions where ended_at is null and level = 1") != "1" {
		t.Fatal("no log-in is pending")
	}
	places["the log"] = n.Log.String() + n.Out.String()
	for _, e := range b.Seen.List() {
		places["a page"] += e.Body + e.Location + e.Query
		for _, c := range e.Cookies {
			places["a cookie"] += c.Value + " "
		}
	}
	if places["a cookie"] == "" || places["the log"] == "" {
		t.Fatal("there is nothing to look through")
	}
	for form, s := range map[string]string{
		"itself": program.Password, "base64": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(program.Password)),
			"="), "hex": hex.EncodeToString([]byte(program.Password)), "an address": url.QueryEscape(program.Password),
	} {
		for place, text := range places {
			if strings.Contains(text, s) {
				t.Errorf("the password stands in %s as %s", place, form)
			}
		}
	}
}
