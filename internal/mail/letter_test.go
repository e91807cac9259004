package mail_test

import (
	"encoding/json"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/mail/mailtest"
)

var (
	tags = regexp.MustCompile(`(?s)<style>.*?</style>|<head>.*</head>|<[^>]*>`)
	// loads is what would fetch something when a mail is opened.
	loads = regexp.MustCompile(`(?i)<(img|link|script|iframe|object|video|audio|form)\b|\bsrc=|url\(|@import`)
)

// kinds are the kinds of mail, as far as the catalogue has them.
func kinds(t *testing.T) (kinds []string) {
	t.Helper()
	file, err := os.ReadFile("../locale/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string]any
	if err := json.Unmarshal(file, &catalogue); err != nil {
		t.Fatal(err)
	}
	for id := range catalogue {
		if kind, is := strings.CutSuffix(strings.TrimPrefix(id, "mail."), "_subject"); is && strings.HasPrefix(id, "mail.") {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) < 20 {
		t.Fatalf("only %v", kinds)
	}
	return kinds
}

// Every kind of mail says the same in both forms, names the office, loads nothing, and takes a name as text.
func TestEveryMailSaysTheSameAsHTML(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`update users set name = 'Zoë <b>& "Co"</b>' where username = 'jdoe'`)
	f.Exec("update offices set demanded_from = now() + interval '9 days'")
	for _, kind := range kinds(t) {
		for _, lang := range []string{"en", "nl"} {
			f.Exec("update users set language = $1 where username = 'jdoe'", lang)
			if err := f.deliver(f.put("jdoe", kind, strings.HasPrefix(kind, "in")), false); err != nil {
				t.Fatal(err)
			}
			m := f.post.sent[len(f.post.sent)-1]
			if found := loads.FindString(m.HTML); found != "" || strings.Contains(m.HTML, "<b>") {
				t.Errorf("%s: the HTML has %q", kind, found)
			}
			if !strings.Contains(m.Subject, "(Acme)") || !strings.Contains(m.HTML, `<html lang="`+lang+`">`) {
				t.Errorf("%s: %q", kind, m.Subject)
			}
			shown := strings.Fields(html.UnescapeString(tags.ReplaceAllString(m.HTML, " ")))
			for _, word := range strings.Fields(m.Body) {
				if !slices.Contains(shown, word) {
					t.Errorf("%s: the HTML does not say %q:\n%s", kind, word, strings.Join(shown, " "))
					break
				}
			}
		}
	}
}

// A mail names who did what it tells, where that was somebody else, and when in its reader's own time.
func TestAMailNamesWhoDidItAndWhen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set time_zone = 'Europe/Amsterdam' where username = 'jdoe'")
	say := func(kind, by string) mail.Message {
		t.Helper()
		id := f.put("jdoe", kind, true)
		f.Exec(`update mails set queued_at = '2026-07-01 09:44Z', by_id = (select id from users where username = $2)
			where id = $1`, id, by)
		f.Exec("update one_time_links set expires_at = now() + interval '30 minutes'")
		if err := f.deliver(id, false); err != nil {
			t.Fatal(err)
		}
		return f.post.sent[len(f.post.sent)-1]
	}
	for _, kind := range []string{"invite", "factor_reset", "factor_restart", "address_changed", "address_left"} {
		if m := say(kind, "nel"); !strings.Contains(m.Body, "by Zoë nel") {
			t.Errorf("%s does not name who did it:\n%s", kind, m.Body)
		}
		if m := say(kind, ""); !strings.Contains(m.Body, "by a superuser or the administrator") {
			t.Errorf("%s by nobody:\n%s", kind, m.Body)
		}
	}
	if m := say("app_added", ""); !strings.Contains(m.Body, "2026-07-01 11:44 CEST") {
		t.Errorf("not in the reader's time:\n%s", m.Body)
	}
	f.Exec("update users set time_zone = 'Nowhere/Else' where username = 'jdoe'")
	if m := say("app_added", ""); !strings.Contains(m.Body, "2026-07-01 09:44 UTC") {
		t.Errorf("without a zone:\n%s", m.Body)
	}
}

// An invitation says until when it works, in the time of its reader or else of who invites, and what will come.
func TestAnInvitationSaysUntilWhenAndWhatWillCome(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set time_zone = 'Europe/Amsterdam' where username = 'mute'")
	f.Exec("update users set role = 'superuser' where username = 'mute'")
	for sql, want := range map[string][2]string{
		"two_factor_required = false, demanded_from = null, grace_hours = 0": {"", ""},
		"two_factor_required = true, demanded_from = null, grace_hours = 0":  {"you also choose a second", "kiest u ook een"},
		"two_factor_required = false, demanded_from = '2099-03-02 08:00Z', grace_hours = 0": {
			"From 2099-03-02 09:00 CET on, Acme also asks", "Vanaf 02-03-2099 09:00 CET vraagt Acme"},
		"two_factor_required = true, demanded_from = null, grace_hours = 24": {"Soon after your first", "Kort na uw eerste"},
	} {
		f.Exec("update offices set " + sql)
		for i, user := range []string{"jdoe", "nel"} {
			id := f.put(user, "invite", true)
			f.Exec("update mails set by_id = (select id from users where username = 'mute') where id = $1", id)
			f.Exec("update one_time_links set expires_at = '2099-07-08 10:00Z'")
			if err := f.deliver(id, false); err != nil {
				t.Fatal(err)
			}
			body := f.post.sent[len(f.post.sent)-1].Body
			until := []string{"It works once, until 2099-07-08 12:00 CEST.", "tot 08-07-2099 12:00 CEST."}[i]
			if !strings.Contains(body, until) || !strings.Contains(body, "Zoë mute") || !strings.Contains(body, "Acme") {
				t.Errorf("%s to %s does not say %q:\n%s", sql, user, until, body)
			}
			if want[i] != "" && !strings.Contains(body, want[i]) ||
				want[i] == "" && regexp.MustCompile("second step|tweede stap").MatchString(body) {
				t.Errorf("%s to %s does not say %q:\n%s", sql, user, want[i], body)
			}
		}
	}
}

func TestBothFormsOfAMailTravel(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t, mailtest.Config{})
	m := letter
	m.HTML = "<p>Hallo Zoë</p>"
	if err := mail.NewSMTP(settings(server, mail.SecurityLoopback, ""), nil).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	sent := server.Mails()[0]
	if strings.TrimSpace(sent.Text(t)) != strings.TrimSpace(m.Body) || strings.TrimSpace(sent.HTML(t)) != m.HTML {
		t.Errorf("%q and %q", sent.Text(t), sent.HTML(t))
	}
	if strings.Index(sent.Data, "text/plain") > strings.Index(sent.Data, "text/html") {
		t.Error("the better form should come last")
	}
}
