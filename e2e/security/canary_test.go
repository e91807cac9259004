package security

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// TestNothingSecretIsLeftBehind logs in fifty times, by text message, app and recovery code, and then looks
// for everything that was secret wherever a stranger with the database, the logs or the pages would look.
func TestNothingSecretIsLeftBehind(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("model", "user", "")
	in.User("apple", "user", "")
	in.Crowd(47, "model")
	n := program.Spawn(t, in.Env)
	secrets := map[string]string{"the password": program.Password, "the provider's secret": program.APISecret}
	shown := map[string]bool{} // addresses whose page has to show a secret

	var browsers []*program.Browser
	for i := range 47 {
		b := program.NewBrowser(t, n.URL)
		browsers = append(browsers, b)
		before := len(in.SMS.Received())
		b.LogIn("ACME", fmt.Sprintf("u%d", i+1), program.Password).On("/login/code")
		m := in.Texts(before+1, 10*time.Second)[before]
		code := program.CodeIn(t, m.Text)
		secrets["a code"+fmt.Sprint(i)] = code
		secrets["a number"+fmt.Sprint(i)] = "+" + m.To
		if i%5 == 0 {
			b.Enters("000000")
		}
		b.Enters(code).On("/settings/me")
	}

	b := program.NewBrowser(t, n.URL)
	browsers = append(browsers, b)
	b.LogIn("ACME", "apple", program.Password).On("/login/method")
	setup := b.Get("/login/app/setup")
	secret := program.SecretOn(t, setup)
	secrets["the app's secret"] = string(secret)
	sheet := setup.Press("Verify", "code", program.AppCode(t, secret, 0)).On("/settings/me/recovery-codes")
	codes := program.RecoveryOn(sheet)
	for i, c := range codes {
		secrets[fmt.Sprintf("recovery code %d", i)] = c
	}
	sheet.Press("I have kept these codes").On("/settings/me")
	b.Get("/settings/me").Press("Log out")
	b.LogIn("ACME", "apple", program.Password).On("/login/app").Press("Verify", "code", program.AppCode(t, secret, 1)).
		On("/settings/me")
	b.Get("/settings/me").Press("Log out")
	b.LogIn("ACME", "apple", program.Password).On("/login/app")
	b.Get("/login/recovery").Press("Verify", "code", codes[3]).On("/settings/me")
	shown["/login/app/setup"], shown["/settings/me/recovery-codes"] = true, true

	for i, b := range browsers {
		for _, c := range b.Client.Jar.Cookies(program.MustURL(t, b.At)) {
			if strings.HasSuffix(c.Name, "nightlatch") {
				secrets[fmt.Sprintf("a session's token %d", i)] = c.Value
			}
		}
	}
	if len(secrets) < 150 {
		t.Fatalf("only %d secrets were planted", len(secrets))
	}

	dump := in.Dump()
	for what, s := range secrets {
		bare := strings.TrimPrefix(s, "+")
		for table, text := range dump {
			// Six digits may stand in an id, an address or a moment by chance: a code counts as a word.
			if stands(text, bare, strings.HasPrefix(what, "a code")) {
				t.Errorf("%s stands in table %s", what, table)
			}
		}
		if stands(n.Log.String(), bare, strings.HasPrefix(what, "a code")) {
			t.Errorf("%s stands in the log", what)
		}
		for _, b := range browsers {
			for _, e := range b.Seen.List() {
				if strings.Contains(e.Path+"?"+e.Query+" "+e.Location, bare) {
					t.Errorf("%s stands in an address", what)
				}
				own := strings.HasPrefix(what, "a number") // its owner's settings show it, in groups
				if !own && !shown[e.Path] && stands(e.Body, bare, strings.HasPrefix(what, "a code")) {
					t.Errorf("%s stands on %s", what, e.Path)
				}
			}
		}
	}
}

// stands reports whether s stands in text; as a word, when it must not be part of a longer run of digits or
// of a fraction of a second.
func stands(text, s string, word bool) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], s)
		if i < 0 {
			return false
		}
		i += at
		at = i + 1
		if !word {
			return true
		}
		before, after := i > 0 && glued(text[i-1]), i+len(s) < len(text) && glued(text[i+len(s)])
		if !before && !after {
			return true
		}
	}
}

func glued(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '.'
}
