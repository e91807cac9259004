package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestNothingSecretIsLeftBehind logs in fifty times, by text message, app and recovery code, and then looks
// for everything that was secret wherever a stranger with the database, the logs or the pages would look.
func TestNothingSecretIsLeftBehind(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("model", "user", "")
	in.user("apple", "user", "")
	in.crowd(47, "model")
	n := talkative(t, in.env)
	secrets := map[string]string{"the password": password, "the provider's secret": apiSecret}
	shown := map[string]bool{} // addresses whose page has to show a secret

	var browsers []*browser
	for i := range 47 {
		b := newBrowser(t, n.url)
		browsers = append(browsers, b)
		before := len(in.sms.Received())
		b.logIn("ACME", fmt.Sprintf("u%d", i+1), password).on("/login/code")
		m := in.texts(before+1, 10*time.Second)[before]
		code := codeIn(t, m.Text)
		secrets["a code"+fmt.Sprint(i)] = code
		secrets["a number"+fmt.Sprint(i)] = "+" + m.To
		if i%5 == 0 {
			b.enters("000000")
		}
		b.enters(code).on("/settings/me")
	}

	b := newBrowser(t, n.url)
	browsers = append(browsers, b)
	b.logIn("ACME", "apple", password).on("/login/method")
	setup := b.get("/login/app/setup")
	secret := secretOn(t, setup)
	secrets["the app's secret"] = string(secret)
	sheet := setup.press("Verify", "code", appCode(t, secret, 0)).on("/settings/me/recovery-codes")
	codes := recoveryOn(sheet)
	for i, c := range codes {
		secrets[fmt.Sprintf("recovery code %d", i)] = c
	}
	sheet.press("I have kept these codes").on("/settings/me")
	b.get("/settings/me").press("Log out")
	b.logIn("ACME", "apple", password).on("/login/app").press("Verify", "code", appCode(t, secret, 1)).on("/settings/me")
	b.get("/settings/me").press("Log out")
	b.logIn("ACME", "apple", password).on("/login/app")
	b.get("/login/recovery").press("Verify", "code", codes[3]).on("/settings/me")
	shown["/login/app/setup"], shown["/settings/me/recovery-codes"] = true, true

	for i, b := range browsers {
		for _, c := range b.client.Jar.Cookies(mustURL(t, b.at)) {
			if strings.HasSuffix(c.Name, "nightlatch") {
				secrets[fmt.Sprintf("a session's token %d", i)] = c.Value
			}
		}
	}
	if len(secrets) < 150 {
		t.Fatalf("only %d secrets were planted", len(secrets))
	}

	dump := in.dump()
	for what, s := range secrets {
		bare := strings.TrimPrefix(s, "+")
		for table, text := range dump {
			// Six digits may stand in an id, an address or a moment by chance: a code counts as a word.
			if stands(text, bare, strings.HasPrefix(what, "a code")) {
				t.Errorf("%s stands in table %s", what, table)
			}
		}
		if stands(n.log.String(), bare, strings.HasPrefix(what, "a code")) {
			t.Errorf("%s stands in the log", what)
		}
		for _, b := range browsers {
			for _, e := range b.seen.list() {
				if strings.Contains(e.path+"?"+e.query+" "+e.location, bare) {
					t.Errorf("%s stands in an address", what)
				}
				own := strings.HasPrefix(what, "a number") // its owner's settings show it, in groups
				if !own && !shown[e.path] && stands(e.body, bare, strings.HasPrefix(what, "a code")) {
					t.Errorf("%s stands on %s", what, e.path)
				}
			}
		}
	}
}

// dump is every table as text, without the columns that hold numbers by design.
func (in *installation) dump() map[string]string {
	in.t.Helper()
	rows, err := in.pool.Query(context.Background(), `select table_schema || '.' || table_name from information_schema.tables
		where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
	if err != nil {
		in.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			in.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		in.t.Fatal(err)
	}
	dump := map[string]string{}
	for _, table := range tables {
		if table == "public.demo_messages" {
			continue
		}
		columns := "to_jsonb(t)"
		if table == "public.mobile_numbers" || table == "public.challenges" {
			columns += " - 'number'"
		}
		dump[table] = in.ask("select string_agg((" + columns + ")::text, E'\\n') from " + table + " t")
	}
	if len(dump) < 20 || !strings.Contains(dump["public.river_job"], "challenge_id") {
		in.t.Fatalf("the dump has %d tables", len(dump))
	}
	return dump
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
