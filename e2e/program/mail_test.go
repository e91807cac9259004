package program_test

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/mail/mailtest"
)

const smtpPassword = "planted-smtp-password-31"

// mailing is an installation that mails through a stand-in.
func mailing(t *testing.T, config mailtest.Config) (*program.Installation, *mailtest.Server) {
	t.Helper()
	in := program.Install(t)
	server := mailtest.NewServer(t, config)
	login := ""
	if config.User != "" {
		login = config.User + ":" + config.Password + "@"
	}
	in.Env["SMTP_URL"] = fmt.Sprintf("smtp://%s127.0.0.1:%d", login, server.Port)
	in.Env["MAIL_FROM"] = "Acme door <door@acme.example>"
	in.Env["SSL_CERT_FILE"] = server.CAFile
	return in, server
}

// letter waits for the n-th mail and answers its text.
func letter(t *testing.T, server *mailtest.Server, n int) string {
	t.Helper()
	program.Eventually(t, 20*time.Second, fmt.Sprintf("%d mails", n), func() bool { return len(server.Mails()) >= n })
	return server.Mails()[n-1].Text(t)
}

var linkIn = regexp.MustCompile(`(?m)^(https?://[^/\s]+)/link/(\S+)$`)

// TestAPasswordIsForgottenAndSetAnew goes the whole way over a real mail server with STARTTLS and a log-in, with
// poisoned headers, a refusal on the way, and the second lock still on the door; then it looks for what was secret.
func TestAPasswordIsForgottenAndSetAnew(t *testing.T) {
	t.Parallel()
	in, server := mailing(t, mailtest.Config{STARTTLS: true, User: "ops", Password: smtpPassword,
		RefuseRcpt: func(n int) string {
			if n == 1 {
				return "450 later"
			}
			return ""
		}})
	in.User("jdoe", "user", "+31612345678")
	in.Exec("update users set email = 'jdoe@acme.example', language = 'nl'")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)

	// Whatever a request says of the host, the link is under the configured origin.
	form := url.Values{"office": {"acme"}, "username": {"JDoe"}}
	r, err := http.NewRequest(http.MethodPost, n.URL+"/login/forgot", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	for header, value := range map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "ftp",
		"Forwarded": "host=evil.example;proto=https", "X-Host": "evil.example", "X-Forwarded-Server": "evil.example",
		"X-Original-Host": "evil.example",
	} {
		r.Header.Set(header, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if where := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther ||
		where != "/login/forgot" {
		t.Fatalf("answered %d, to %s", answer.StatusCode, where)
	}
	text := letter(t, server, 1)
	found := linkIn.FindStringSubmatch(text)
	if found == nil || found[1] != n.URL || strings.Contains(text, "evil") {
		t.Fatalf("the mail's link is not under %s:\n%s", n.URL, text)
	}
	if m := server.Mails()[0]; !m.TLS || m.User != "ops" || m.To != "jdoe@acme.example" {
		t.Errorf("%+v", m)
	}
	token, fresh := found[2], "kettle umbrella seventeen"

	// A scanner opens it, and changes nothing.
	for range 3 {
		p := program.NewBrowser(t, n.URL).Get("/link/" + token)
		p.On("/link/" + token).Says("Set a new password")
	}
	looked, err := http.Get(n.URL + "/link/" + token) //nolint:noctx // the address is the test's own
	if err != nil || looked.StatusCode != http.StatusOK || looked.Header.Get("Cache-Control") != "no-store" ||
		looked.Header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("%v, %v", looked, err)
	}
	_ = looked.Body.Close()

	elsewhere := program.NewBrowser(t, n.URL)
	elsewhere.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	b.Get("/link/"+token).Press("Set the password", "password", fresh, "again", fresh).On("/login").Says(
		"Your password is set.")
	if p := b.Get("/settings/me"); p.URL.Path != "/login" {
		t.Errorf("the link signed somebody in: %s", p.URL)
	}
	if p := elsewhere.Get("/login/code"); p.URL.Path != "/login" {
		t.Errorf("the half-finished log-in lives on: %s", p.URL)
	}
	if p := b.Get("/link/" + token); p.Status != http.StatusGone {
		t.Errorf("the used link answers %d", p.Status)
	}
	// The second lock: the new password alone opens nothing, and the number is what it was.
	before := len(in.SMS.Received())
	b.LogIn("ACME", "jdoe", fresh).On("/login/code")
	if p := b.Get("/settings/me"); !strings.HasPrefix(p.URL.Path, "/login/") {
		t.Errorf("the second factor was passed by: %s", p.URL)
	}
	last := in.Texts(before+1, 10*time.Second)[before]
	if last.To != "31612345678" {
		t.Error("the code went to another number")
	}
	b.Get("/login/code").Press("Controleren", "code", program.CodeIn(t, last.Text)).On("/settings/me")

	notice := letter(t, server, 2)
	if !strings.Contains(notice, "een nieuw wachtwoord ingesteld") || strings.Contains(notice, "http") ||
		strings.Contains(notice, "612345678") {
		t.Errorf("the notice says:\n%s", notice)
	}
	if got := in.Ask("select string_agg(state || ' ' || tries || ' ' || coalesce(payload_ct::text, 'wiped'), ', ' order " +
		"by id) from mails"); got != "sent 2 wiped, sent 1 wiped" {
		t.Errorf("the mails are %s", got)
	}
	program.Eventually(t, 10*time.Second, "no job of a mail is left", func() bool {
		return in.Ask("select count(*) from river_job where queue = 'mail' and state <> 'completed'") == "0"
	})
	for what, secret := range map[string]string{"the token": token, "the new password": fresh,
		"the old password": program.Password, "the mail server's password": smtpPassword} {
		for table, rows := range in.Dump() {
			if strings.Contains(rows, secret) {
				t.Errorf("%s stands in %s", what, table)
			}
		}
		if strings.Contains(n.Log.String()+n.Out.String(), secret) {
			t.Errorf("%s stands in the log", what)
		}
		for _, e := range append(b.Seen.List(), elsewhere.Seen.List()...) {
			if what != "the token" && strings.Contains(e.Path+e.Query+e.Location+e.Body, secret) || what == "the token" &&
				!strings.HasPrefix(e.Path, "/link/") && strings.Contains(e.Path+e.Query+e.Location+e.Body, secret) {
				t.Errorf("%s stands on %s", what, e.Path)
			}
		}
	}
	if args := in.Ask("select string_agg(args::text, ' ') from river_job where queue = 'mail'"); regexp.MustCompile(
		`[^a-z_0-9{}": ]`).MatchString(args) {
		t.Errorf("the jobs' arguments are %s", args)
	}
}

// TestForgottenSaysTheSameToEverybody compares every byte, and then the time, of a known name with all others.
func TestForgottenSaysTheSameToEverybody(t *testing.T) {
	t.Parallel()
	in, server := mailing(t, mailtest.Config{})
	in.User("jdoe", "user", "")
	in.User("gone", "user", "")
	in.User("mute", "user", "")
	in.Crowd(60, "jdoe")
	in.Exec("update users set email = username || '@acme.example' where username <> 'mute'")
	in.Exec("update users set disabled_at = now() where username = 'gone'")
	n := program.Spawn(t, in.Env)
	ask := func(office, username string) string {
		form := url.Values{"office": {office}, "username": {username}}
		r, err := http.NewRequest(http.MethodPost, n.URL+"/login/forgot", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		res.Header.Del("Date")
		return fmt.Sprint(res.StatusCode, res.Header, string(body))
	}
	want := ask("ACME", "jdoe")
	if !strings.HasPrefix(want, "303") {
		t.Fatal(want)
	}
	for _, who := range [][2]string{{"ACME", "nobody"}, {"NOPE", "jdoe"}, {"ACME", "gone"}, {"ACME", "mute"},
		{"ACME", "x\u200b☃"}, {"ACME", strings.Repeat("long", 100)}} {
		if got := ask(who[0], who[1]); got != want {
			t.Errorf("%q is answered\n%s\nand not\n%s", who, got, want)
		}
	}
	for range 5 { // over the limit of a name, known or not
		if got, other := ask("ACME", "jdoe"), ask("ACME", "nobody"); got != want || other != want {
			t.Errorf("over the limit:\n%s\n%s", got, other)
		}
	}
	letter(t, server, 3)
	time.Sleep(300 * time.Millisecond)
	for _, m := range server.Mails() {
		if m.To != "jdoe@acme.example" {
			t.Errorf("a mail went to %s", m.To)
		}
	}
	if got := len(server.Mails()); got != 3 {
		t.Errorf("%d mails went out", got)
	}

	type sample struct {
		took  time.Duration
		known bool
	}
	var samples []sample
	for i := range 60 {
		if i%12 == 0 {
			in.Exec("delete from password_reset_requests") // the limit of the address
		}
		for _, known := range []bool{i%2 == 0, i%2 != 0} {
			name := fmt.Sprintf("u%d", i+1)
			if !known {
				name = fmt.Sprintf("v%d", i+1)
			}
			began := time.Now()
			ask("ACME", name)
			samples = append(samples, sample{time.Since(began), known})
		}
	}
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Compare(a.took, b.took) })
	ranks := 0.0
	for i, s := range samples {
		if s.known {
			ranks += float64(i + 1)
		}
	}
	k := float64(len(samples) / 2)
	z := (ranks - k*(2*k+1)/2) / math.Sqrt(k*k*(2*k+1)/12)
	if math.Abs(z) > 3.9 { // one in ten thousand
		t.Errorf("known names take another time than unknown ones: z = %.1f", z)
	}
}

func TestWithoutAMailServerThePagesSaySo(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "")
	in.Exec("update users set email = 'jdoe@acme.example'")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.Get("/login/forgot").On("/login/forgot").Says("This installation sends no mail")
	b.Post("/login/forgot", url.Values{"office": {"ACME"}, "username": {"jdoe"}}).On("/login/forgot").Says(
		"This installation sends no mail")
	if p := b.Get("/link/nothing"); p.Status != http.StatusGone || p.Find("a[href='/login/forgot']").Length() != 0 {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	if p := b.Get("/demo/mailbox"); p.Status != http.StatusNotFound {
		t.Errorf("the demo mailbox answers %d", p.Status)
	}
	if got := in.Ask("select count(*) from mails") + in.Ask("select count(*) from password_reset_requests"); got != "00" {
		t.Errorf("%s rows", got)
	}
	program.Refused(t, in.Env, "", []string{
		"user", "create", "--office", "ACME", "--username", "ivy", "--name", "Ivy", "--email", "ivy@acme.example", "--invite",
	}, "SMTP_URL")
	program.Refused(t, in.Env, "password1234\n", []string{
		"user", "create", "--office", "ACME", "--username", "ivy", "--name", "Ivy", "--password-stdin",
	}, "most common")
	for _, c := range []struct{ name, value, word string }{
		{"MAIL_FROM", "door@acme.example", "SMTP_URL"}, {"SMTP_URL", "smtp://ops:hush-hush@mail.acme.example", "MAIL_FROM"},
	} {
		if text := program.Refused(t, program.With(in.Env, c.name, c.value), "", []string{"serve"},
			c.word); strings.Contains(text, "hush") {
			t.Errorf("the password is told: %s", text)
		}
	}
}

// TestAShortPasswordIsChangedFirst: an office that no longer demands a second factor.
func TestAShortPasswordIsChangedFirst(t *testing.T) {
	t.Parallel()
	in, server := mailing(t, mailtest.Config{})
	program.Succeeds(t, in.Env, "ninechars\n", "user", "create", "--office", "ACME", "--username", "sam", "--name", "Sam",
		"--email", "sam@acme.example", "--password-stdin")
	in.User("jdoe", "user", "")
	in.Exec("update offices set two_factor_required = false")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "sam", "ninechars").On("/settings/me/password").Says("Yours is too short for that.")
	for _, path := range []string{"/settings/me", "/settings/office/general", "/settings/me/number",
		"/settings/me/recovery-codes.txt"} {
		b.Get(path).On("/settings/me/password")
	}
	p := b.Get("/settings/me/password").Press("Change the password", "present", "ninechars", "password", "ninechars2",
		"again", "ninechars2")
	if p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a short one again answers %d", p.Status)
	}
	fresh := "kettle umbrella seventeen"
	p.Press("Change the password", "present", "ninechars", "password", fresh, "again", fresh).On("/settings/me")
	if text := letter(t, server, 1); !strings.Contains(text, "From: Chrome on Linux\n") {
		t.Errorf("the notice says:\n%s", text)
	}
	program.NewBrowser(t, n.URL).LogIn("ACME", "jdoe", program.Password).On("/settings/me")
}
