package rescue_test

import (
	"context"
	"errors"
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
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/rescue"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/spoken"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var (
	ctx    = context.Background()
	client = session.Client{Address: "192.0.2.7", UserAgent: "Firefox/1 (Windows)", Language: "nl"}
)

// letters keeps the mails that were queued.
type letters struct {
	mu   sync.Mutex
	sent []account.Mail
}

func (*letters) CanMail() bool { return true }

func (l *letters) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, m)
	return nil
}

// of counts the mails of a kind, to a user.
func (l *letters) of(kind string, user int64) (n int, last account.Mail) {
	for _, m := range l.sent {
		if m.Kind == kind && m.UserID == user {
			n, last = n+1, m
		}
	}
	return n, last
}

// fixture has the offices ACME and OTHER, which demand two factors, each with the superusers boss and vice and the
// users otto and olga, all with a number.
type fixture struct {
	dbtest.Database
	t        testing.TB
	pool     *db.Pool
	post     *letters
	sessions *session.Store
	accounts *account.Service
	factors  *twofactor.Service
	*rescue.Service
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, post: &letters{}}
	f.Database, f.pool = dbtest.New(t)
	log, ring := factory.AuditLog(), factory.Keys(t)
	f.sessions = session.NewStore(f.pool, log)
	ways := account.NewWays(f.post, f.sessions, log)
	f.accounts = account.New(f.pool, account.NewHasher(factory.CheapHash()), ways, factory.Outbox{}, log, "Nightlatch")
	f.factors = twofactor.New(f.pool, ring, f.sessions, factory.Outbox{}, ways, log, nil, "Nightlatch")
	f.Service = rescue.New(f.pool, ring, f.sessions, f.factors, ways, log)
	for _, code := range []string{"ACME", "OTHER"} {
		office := factory.Office(t, f.pool, factory.OfficeOpts{Code: code}).ID
		for name, role := range map[string]string{"boss": "superuser", "vice": "superuser", "otto": "user", "olga": "user"} {
			user := factory.User(t, f.pool, office, factory.UserOpts{
				Username: name, Email: name + "@example.org", Role: role,
			})
			factory.Number(t, f.pool, user.ID, factory.NumberOpts{})
		}
	}
	f.Exec("update offices set two_factor_required = true")
	return f
}

func (f *fixture) user(office, username string) int64 {
	f.t.Helper()
	return f.ID("select u.id from users u join offices o on o.id = u.office_id where o.code = $1 and u.username = $2",
		office, username)
}

// session is one of a user: of two factors just proven, or a pending log-in.
func (f *fixture) session(office, username string, factors ...string) session.Session {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, f.user(office, username), factory.SessionOpts{TokenHash: token.Hash(), Factors: factors})
	sess, err := f.sessions.Load(ctx, token)
	if err != nil {
		f.t.Fatal(err)
	}
	return sess
}

// ask begins a log-in of otto of ACME that asks for help, and returns it with its words.
func (f *fixture) ask() (session.Session, string) {
	f.t.Helper()
	sess := f.session("ACME", "otto")
	sealed, err := f.Ask(ctx, sess, client)
	if err != nil {
		f.t.Fatal(err)
	}
	words := f.Words(sess, sealed)
	if _, ok := spoken.Clean(words); !ok {
		f.t.Fatalf("the words are %q", words)
	}
	return sess, words
}

// forget lets users ask as if they had not.
func (f *fixture) forget() { f.Exec("delete from help_requests") }

func (f *fixture) outcome(sess session.Session) string {
	f.t.Helper()
	asked, err := f.Current(ctx, sess)
	if err != nil {
		f.t.Fatal(err)
	}
	if asked.Lives {
		return "lives"
	}
	return asked.Outcome
}

func (f *fixture) is(what string, err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("%s: %v, not %v", what, err, want)
	}
}

// other are three words of the list that are not these.
func other(words string) string {
	if strings.HasPrefix(words, "aap aap") {
		return "zus zus zus"
	}
	return "aap aap aap"
}

func TestTheRightWordsResetTheUserOnThePhone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.session("ACME", "boss", "sms"), f.user("ACME", "otto")
	sess, words := f.ask()
	spelt := strings.ToUpper(strings.ReplaceAll(words, " ", " - ")) + "."
	done, err := f.Reset(ctx, boss, client, otto, spelt)
	if err != nil || !done.Mailed {
		t.Fatalf("the answer: %+v, %v", done, err)
	}
	if n := f.Int("select count(*) from mobile_numbers where user_id = $1", otto); n != 0 {
		t.Error("the number is still there")
	}
	if f.Text("select outcome from help_requests where session_id = $1", sess.ID) != "reset" {
		t.Error("the request is not answered")
	}
	_, err = f.Reset(ctx, boss, client, otto, words)
	f.is("the same words again", err, rescue.ErrOver)
	// Nothing that lasts says the words.
	for _, word := range strings.Fields(words) {
		if f.Int("select count(*) from audit_events where detail ~ $1", `\m`+word+`\M`) > 0 {
			t.Errorf("the history says %q", word)
		}
	}
	if n := f.Int("select count(*) from audit_events where action = $1 and detail = 'reset'", audit.HelpAnswered); n != 1 {
		t.Errorf("%d answers in the history", n)
	}
}

func TestWordsThatAreNotThoseOfTheCallerDoNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.session("ACME", "boss", "sms"), f.user("ACME", "otto")
	reset := func(sess session.Session, user int64, words string) error {
		_, err := f.Reset(ctx, sess, client, user, words)
		return err
	}
	sess, words := f.ask()
	f.is("no words", reset(boss, otto, "aap noot"), rescue.ErrNotWords)
	f.is("another office's superuser", reset(f.session("OTHER", "boss", "sms"), otto, words), account.ErrUnknown)
	f.is("a user", reset(f.session("ACME", "olga", "sms"), otto, words), fault.Forbidden)
	f.is("a log-in under way", reset(f.session("ACME", "vice"), otto, words), fault.Forbidden)
	f.is("another user who asks nothing", reset(boss, f.user("ACME", "olga"), words), rescue.ErrOver)
	if f.Int("select tries from help_requests where session_id = $1", sess.ID) != 0 {
		t.Error("a try was counted that compared nothing")
	}
	// Another user's words, while both ask.
	olga := f.session("ACME", "olga")
	if _, err := f.Ask(ctx, olga, client); err != nil {
		t.Fatal(err)
	}
	var wrong *rescue.Wrong
	if err := reset(boss, olga.User.ID, words); !errors.As(err, &wrong) || wrong.Left != 2 {
		t.Errorf("another user's words: %v", err)
	}
	// Three wrong ones, and the right ones are worth nothing any more.
	for left := 2; left >= 0; left-- {
		if err := reset(boss, otto, other(words)); !errors.As(err, &wrong) || wrong.Left != left {
			t.Errorf("wrong words: %v, not %d left", err, left)
		}
	}
	f.is("the right words after three wrong", reset(boss, otto, words), rescue.ErrOver)
	if got := f.outcome(sess); got != "words" {
		t.Errorf("the log-in sees %q", got)
	}
	if n := f.Int("select count(*) from mobile_numbers"); n != 8 {
		t.Errorf("%d numbers are left of 8", n)
	}
	// The step-up is the office's.
	f.forget()
	_, words = f.ask()
	f.Exec("update sessions set second_factor_at = now() - interval '11 minutes' where id = $1", boss.ID)
	boss.SecondFactorAt = boss.SecondFactorAt.Add(-11 * time.Minute)
	f.is("a stale proof", reset(boss, otto, words), fault.StepUpRequired)
}

func TestWordsDieAfterFifteenMinutes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.session("ACME", "boss", "sms"), f.user("ACME", "otto")
	sess, words := f.ask()
	f.Exec("update help_requests set created_at = now() - help_life() + interval '20 seconds'")
	if got := f.outcome(sess); got != "lives" {
		t.Errorf("just before, it is %q", got)
	}
	f.Exec("update help_requests set created_at = now() - help_life()")
	if got := f.outcome(sess); got != "" {
		t.Errorf("at fifteen minutes, it is %q", got)
	}
	_, err := f.Reset(ctx, boss, client, otto, words)
	f.is("late words", err, rescue.ErrOver)
	f.is("refusing late", f.Refuse(ctx, boss, client, otto), rescue.ErrOver)
}

func TestOfManySuperusersAtOnceOneAnswers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	otto := f.user("ACME", "otto")
	_, words := f.ask()
	var wait sync.WaitGroup
	results := make([]error, 6)
	for i := range results {
		by := f.session("ACME", []string{"boss", "vice"}[i%2], "sms")
		wait.Go(func() { _, results[i] = f.Reset(ctx, by, client, otto, words) })
	}
	wait.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, rescue.ErrOver) {
			t.Errorf("an answer: %v", err)
		}
	}
	if won != 1 || f.Int("select count(*) from audit_events where action = $1", audit.TwoFactorReset) != 1 {
		t.Errorf("%d of six answered", won)
	}
}

func TestManyGuessesAtOnceAreThree(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	otto, boss := f.user("ACME", "otto"), f.session("ACME", "boss", "sms")
	_, words := f.ask()
	var wait sync.WaitGroup
	for range 12 {
		wait.Go(func() { _, _ = f.Reset(ctx, boss, client, otto, other(words)) })
	}
	wait.Wait()
	if n := f.Int("select count(*) from audit_events where action = $1", audit.HelpMisheard); n != 3 {
		t.Errorf("%d guesses were compared", n)
	}
}

// Whoever knows the password alone must not fill the superusers' mail, nor use up what the owner asks with.
func TestRequestsAreFewAndNobodyIsFlooded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.user("ACME", "boss"), f.user("ACME", "otto")
	sess := f.session("ACME", "otto")
	for i := range 3 {
		if _, err := f.Ask(ctx, sess, client); err != nil {
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
	_, err := f.Ask(ctx, sess, client)
	f.is("a fourth in the log-in", err, rescue.ErrTooMany)
	_, err = f.Ask(ctx, f.session("ACME", "otto"), client)
	f.is("a fourth in the hour", err, rescue.ErrTooMany)
	if n := f.Int("select count(*) from help_requests where ended_at is null"); n != 1 {
		t.Errorf("%d requests of one log-in live", n)
	}
	if n, m := f.post.of("help_asked", boss); n != 1 || m.By != otto {
		t.Errorf("a superuser got %d mails within the hour", n)
	}
	if n, _ := f.post.of("help_own", otto); n != 3 {
		t.Errorf("the user got %d mails of three requests", n)
	}
	// The owner's own browser has a budget of its own.
	known := f.session("ACME", "otto")
	f.Exec("update sessions set known_browser = true where id = $1", known.ID)
	known.KnownBrowser = true
	if _, err := f.Ask(ctx, known, client); err != nil {
		t.Errorf("the owner's browser: %v", err)
	}
	f.Exec("update help_requests set created_at = created_at - interval '2 hours'")
	for range 3 {
		_, err = f.Ask(ctx, f.session("ACME", "otto"), client)
		f.is("an hour later", err, nil)
	}
	f.Exec("update help_requests set created_at = created_at - interval '2 hours'")
	_, err = f.Ask(ctx, f.session("ACME", "otto"), client)
	f.is("a seventh in a day", err, rescue.ErrTooMany)
	// Of an office at most ten mails an hour go to each superuser.
	f.forget()
	f.post.sent = nil
	for range 12 {
		id := factory.User(t, f.pool, f.office(boss), factory.UserOpts{})
		factory.Number(t, f.pool, id.ID, factory.NumberOpts{})
		if _, err := f.Ask(ctx, f.session("ACME", id.Username), client); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := f.post.of("help_asked", boss); n != 10 {
		t.Errorf("a superuser got %d mails of twelve users", n)
	}
	if list, err := f.Users(ctx, f.office(boss)); err != nil || len(list) != 12 {
		t.Errorf("the page lists %d of twelve (%v)", len(list), err)
	}
}

func (f *fixture) office(user int64) int64 {
	f.t.Helper()
	return f.ID("select office_id from users where id = $1", user)
}

func TestNotMeStopsItAndNewBrowsersForADay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.session("ACME", "boss", "sms"), f.user("ACME", "otto")
	sess, words := f.ask()
	_, mail := f.post.of("help_own", otto)
	if err := f.accounts.UseLink(ctx, mail.Token, "a password of my own choice", account.Origin{}); !errors.Is(err,
		account.ErrLink) {
		t.Errorf("the link sets a password: %v", err)
	}
	if err := f.accounts.UseStopLink(ctx, f, mail.Token, account.Origin{Address: "192.0.2.9"}); err != nil {
		t.Fatal(err)
	}
	f.is("the link again", f.accounts.UseStopLink(ctx, f, mail.Token, account.Origin{}), account.ErrLink)
	_, err := f.Reset(ctx, boss, client, otto, words)
	f.is("the words of a stopped request", err, rescue.ErrOver)
	if f.Int("select count(*) from living_sessions where id = $1", sess.ID) != 0 {
		t.Error("the log-in that asked goes on")
	}
	_, err = f.Ask(ctx, f.session("ACME", "otto"), client)
	f.is("asking again in a new browser", err, rescue.ErrTooMany)
	// The log-in that was stopped had given the password before.
	f.Exec("update sessions set password_version = password_version - 1 where id = $1", sess.ID)
	_, err = f.Ask(ctx, f.session("ACME", "otto"), client)
	f.is("asking with another password", err, nil)
}

func TestOnlyALogInThatLacksItsFactorAsks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.Ask(ctx, f.session("ACME", "otto", "sms"), client)
	f.is("who is in", err, rescue.ErrOver)
	f.Exec("delete from mobile_numbers where user_id = $1", f.user("ACME", "olga"))
	_, err = f.Ask(ctx, f.session("ACME", "olga"), client)
	f.is("who has no factor yet", err, rescue.ErrOver)
	gone := f.session("ACME", "otto")
	f.Exec("update sessions set ended_at = now() where id = $1", gone.ID)
	_, err = f.Ask(ctx, gone, client)
	f.is("a log-in that ended", err, session.ErrNone)
	// A refusal ends it, and tells who asked.
	sess, _ := f.ask()
	if err := f.Refuse(ctx, f.session("ACME", "vice", "sms"), client, sess.User.ID); err != nil {
		t.Fatal(err)
	}
	if got := f.outcome(sess); got != "refused" {
		t.Errorf("the log-in sees %q", got)
	}
	if f.Words(f.session("ACME", "otto"), "AAAA") != "" {
		t.Error("words from nothing")
	}
}
