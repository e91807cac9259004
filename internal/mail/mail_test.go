package mail_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/locale/localetest"
	"github.com/nightlatch/nightlatch/internal/mail"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// jobs is an Outbox that keeps what it is given.
type jobs struct{ mails, urgent []int64 }

func (j *jobs) SendMail(_ context.Context, _ pgx.Tx, id int64, urgent bool) error {
	j.mails = append(j.mails, id)
	if urgent {
		j.urgent = append(j.urgent, id)
	}
	return nil
}

// post is a Sender that keeps what it is given, or fails.
type post struct {
	mu   sync.Mutex
	sent []mail.Message
	err  error
}

func (p *post) Send(_ context.Context, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.sent = append(p.sent, m)
	return nil
}

type fixture struct {
	dbtest.Database
	t     *testing.T
	pool  *db.Pool
	jobs  *jobs
	post  *post
	queue *mail.Queue
	*mail.Service
}

const token = account.Token("plantedtokenplantedtoken")

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, jobs: &jobs{}, post: &post{}}
	f.Database, f.pool = dbtest.New(t)
	ring := factory.Keys(t)
	f.queue = mail.NewQueue(ring, f.jobs)
	origin := func() string { return "https://login.acme.example" }
	f.Service = mail.New(f.pool, ring, f.post, "Nightlatch", "EUR", time.UTC, origin,
		audit.NewLog(factory.Logger()), factory.Logger())
	office := factory.Office(t, f.pool, factory.OfficeOpts{Name: "Acme"}).ID
	for _, o := range []factory.UserOpts{
		{Username: "jdoe", Email: "jdoe@acme.example"}, {Username: "nel", Email: "nel@acme.example", Language: "nl"},
		{Username: "mute", Language: "nl"},
	} {
		o.Name, o.PasswordHash = "Zoë\n"+o.Username, factory.NoPassword
		factory.User(t, f.pool, office, o)
	}
	return f
}

func (f *fixture) ask(sql string, args ...any) (answer string) {
	f.t.Helper()
	if err := f.pool.QueryRow(context.Background(), "select coalesce(("+sql+")::text, '')",
		args...).Scan(&answer); err != nil {
		f.t.Fatal(err)
	}
	return answer
}

// put queues a mail to a user; with link it brings one.
func (f *fixture) put(username, kind string, link bool) int64 {
	f.t.Helper()
	before := len(f.jobs.mails)
	err := db.InTx(context.Background(), f.pool, func(tx pgx.Tx) error {
		m := account.Mail{
			Kind: kind, Language: "en", From: account.Origin{
				Address: "192.0.2.77", UserAgent: "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0",
			},
		}
		if err := tx.QueryRow(context.Background(), "select id from users where username = $1",
			username).Scan(&m.UserID); err != nil {
			return err
		}
		if link {
			m.Token = token
			err := tx.QueryRow(context.Background(),
				`insert into one_time_links (purpose, user_id, token_hash, expires_at)
					values ('reset', $1, sha256(random()::text::bytea), now() + interval '30 minutes') returning id`,
				m.UserID).Scan(&m.LinkID)
			if err != nil {
				return err
			}
		}
		if strings.HasPrefix(kind, "reminder_") {
			_, err := tx.Exec(context.Background(), `insert into reminders (user_id, days, demanded_from, summary)
				select user_id, 0, demanded_from, false from not_ready where user_id = $1`, m.UserID)
			if err != nil {
				return err
			}
		}
		return f.queue.Mail(context.Background(), tx, m)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if len(f.jobs.mails) == before {
		return 0
	}
	return f.jobs.mails[before]
}

func (f *fixture) deliver(id int64, last bool) error {
	return f.Deliver(context.Background(), id, last, func(context.Context, pgx.Tx) error { return nil })
}

func TestAMailIsMadeWhenItIsSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.put("jdoe", "reset", true)
	if text := f.ask("select string_agg(m::text, '') from mails m"); strings.Contains(text, string(token)) ||
		strings.Contains(text, "192.0.2.77") {
		t.Errorf("the row tells the token or the address: %s", text)
	}
	if err := f.deliver(id, false); err != nil {
		t.Fatal(err)
	}
	m := f.post.sent[0]
	for _, words := range []string{"Hello Zoë jdoe,\n", "jdoe of Acme (ACME)",
		"\n\nhttps://login.acme.example/link/" + string(token) + "\n\n", "for 30 more minutes",
		"From: Firefox on Windows, 192.0.2.0/24\n"} {
		if !strings.Contains(m.Body, words) {
			t.Errorf("the mail does not say %q:\n%s", words, m.Body)
		}
	}
	if m.To != "jdoe@acme.example" || m.Subject != "Set a new password for Nightlatch (Acme)" {
		t.Errorf("%+v", m)
	}
	got := f.ask("select state || ' ' || final || ' ' || coalesce(payload_ct::text, 'wiped') from mails")
	if got != "sent true wiped" {
		t.Errorf("the mail is %s", got)
	}
	// The job that runs again has nothing to do.
	if err := f.deliver(id, false); err != nil || len(f.post.sent) != 1 {
		t.Errorf("%v, %d sent", err, len(f.post.sent))
	}
	if f.put("mute", "guessed", false) != 0 {
		t.Error("a mail was queued for somebody without an address")
	}
	if err := f.deliver(f.put("nel", "guessed", false), false); err != nil {
		t.Fatal(err)
	}
	if m := f.post.sent[1]; m.Subject != "Was u dit? Vijf onjuiste codes (Acme)" || strings.Contains(m.Body, "http") ||
		!strings.Contains(m.Body, "Firefox op Windows") {
		t.Errorf("%+v", m)
	}
}

func TestAMailWhoseLinkIsOverIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, spoil := range []string{"update one_time_links set used_at = now()",
		"update one_time_links set expires_at = now()",
		"update users set disabled_at = now()", "update users set email = ''"} {
		id := f.put("jdoe", "reset", true)
		f.Exec(spoil)
		if err := f.deliver(id, false); err != nil || len(f.post.sent) != 0 {
			t.Errorf("%s: %v, %d sent", spoil, err, len(f.post.sent))
		}
		if got := f.ask("select state || coalesce(payload_ct::text, ' wiped') from mails where id = $1",
			id); got != "dropped wiped" {
			t.Errorf("%s: the mail is %s", spoil, got)
		}
		f.Exec("update users set disabled_at = null, email = 'jdoe@acme.example' where username = 'jdoe'")
	}
	// Upkeep wipes what no job comes for.
	id := f.put("jdoe", "reset", true)
	f.Exec("update one_time_links set expires_at = now()")
	if err := f.Upkeep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.ask("select state || coalesce(payload_ct::text, ' wiped') from mails where id = $1",
		id); got != "dropped wiped" {
		t.Errorf("after upkeep the mail is %s", got)
	}
}

func TestAMailIsTriedAgainUntilItIsHopeless(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var failure *mail.Failure
	for _, c := range []struct {
		err   error
		last  bool
		state string
	}{
		{&mail.Failure{Fault: mail.FaultSilent}, false, "retrying kept"},
		{&mail.Failure{Fault: mail.FaultSilent}, true, "failed wiped"},
		{&mail.Failure{Fault: mail.FaultAddress, Code: 550}, false, "failed wiped"},
		{fmt.Errorf("a text with jdoe@acme.example and %s", token), false, "retrying kept"},
	} {
		id := f.put("jdoe", "reset", true)
		f.post.err = c.err
		err := f.deliver(id, c.last)
		if !errors.As(err, &failure) || strings.Contains(err.Error(), "jdoe") {
			t.Errorf("%v", err)
		}
		if got := f.ask(`select state || case when payload_ct is null then ' wiped' else ' kept' end from mails
			where id = $1`, id); got != c.state {
			t.Errorf("%v, last %v: %s", c.err, c.last, got)
		}
		if reason := f.ask("select reason from mails where id = $1", id); reason == "" || strings.Contains(reason, "jdoe") {
			t.Errorf("the reason is %q", reason)
		}
		f.post.err = nil
		if err := f.deliver(id, false); err != nil {
			t.Error(err)
		}
	}
	if len(f.post.sent) != 2 {
		t.Errorf("%d of four went out in the end", len(f.post.sent))
	}
}

// A new password leaves single sign-on as it was: who has it is told so, and nobody else is.
func TestANewPasswordTellsWhatItLeavesOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	says := func() bool {
		t.Helper()
		if err := f.deliver(f.put("jdoe", "password_reset", false), false); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(f.post.sent[len(f.post.sent)-1].Body, "linked to single sign-on")
	}
	if says() {
		t.Error("it tells of a link that is not there")
	}
	f.Exec(`insert into sso_identities (office_id, user_id, issuer, subject)
		select office_id, id, 'https://idp.invalid', 'subject' from users where username = 'jdoe'`)
	if !says() {
		t.Error("it does not tell of single sign-on")
	}
}

func TestEveryKindOfMailHasItsTexts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// A mail about a date that is gone is not sent.
	f.Exec("update offices set two_factor_required = false, demanded_from = now() + interval '9 days', time_zone = 'UTC'")
	for _, kind := range kinds(t) {
		for _, part := range []string{"_subject", "_text", "_otherwise"} {
			if !locale.Has("mail." + kind + part) {
				t.Errorf("mail.%s%s is not in the catalogue", kind, part)
			}
		}
		for _, lang := range locale.Languages() {
			f.Exec("update users set language = $1 where username = 'jdoe'", lang)
			if err := f.deliver(f.put("jdoe", kind, false), false); err != nil {
				t.Fatal(err)
			}
			m := f.post.sent[len(f.post.sent)-1]
			if strings.ContainsAny(m.Subject+m.Body, "[]<>{}") {
				t.Errorf("%s: %s\n%s", kind, m.Subject, m.Body)
			}
			text := m.Subject + "\n" + m.Body
			words := localetest.English(text, "Nightlatch", "jdoe", "nel", "mute", "Acme", "Firefox", "Windows", "EUR")
			if lang == localetest.Language && len(words) > 0 {
				t.Errorf("%s in a third language says %q:\n%s", kind, words, text)
			}
		}
	}
}

// Whoever forgot a password waits for its link behind no other mail: a superuser can have any number of invitations
// sent, and an office's users any number of notices.
func TestALinkForAForgottenPasswordGoesFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, kind := range []string{"invite", "factor_restart", "guessed", "app_added"} {
		f.put("jdoe", kind, true)
	}
	first := f.put("jdoe", "reset", true)
	if len(f.jobs.urgent) != 1 || f.jobs.urgent[0] != first {
		t.Errorf("urgent are %v, not %d alone", f.jobs.urgent, first)
	}
}
