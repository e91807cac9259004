package twofactor_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/otp/otptest"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	required = true
	optional = false
)

var (
	numberA = phone.Number{E164: "+31612345678", Country: "NL"}
	numberB = phone.Number{E164: "+32470123456", Country: "BE"}
	browser = session.Client{Address: "192.0.2.7", UserAgent: "test", Browser: []byte("a browser's hash")}
)

// silent is an outbox whose jobs nobody works: what was asked for stands in the messages.
type silent struct{}

func (silent) SendCode(context.Context, pgx.Tx, int64, int, bool) error { return nil }

// world is one database with the services of the second step.
type world struct {
	t        testing.TB
	pool     *db.Pool
	ring     *keys.Ring
	sessions *session.Store
	factors  *twofactor.Service
	now      time.Time // the clock of time-based codes
	made     int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ring, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, pool: dbtest.Pool(t), ring: ring, now: time.Now()}
	log := audit.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.sessions = session.NewStore(w.pool, log)
	w.factors = twofactor.New(w.pool, ring, w.sessions, silent{}, log, func() time.Time { return w.now }, "Nightlatch")
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) number(sql string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (w *world) text(sql string, args ...any) string {
	w.t.Helper()
	var s *string
	if err := w.pool.QueryRow(context.Background(), sql, args...).Scan(&s); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	if s == nil {
		return ""
	}
	return *s
}

func (w *world) office(code string, twoFactor bool) int64 {
	return int64(w.number("insert into offices (code, name, two_factor_required) values ($1, $1, $2) returning id", code, twoFactor))
}

func (w *world) user(office int64, role account.Role) account.User {
	w.made++
	name := string(role) + string(rune('a'+w.made%26)) + string(rune('a'+w.made/26))
	id := w.number("insert into users (office_id, username, name, role, password_hash) values ($1, $2, $2, $3, 'x') returning id", office, name, role)
	return account.User{ID: int64(id), OfficeID: office, Username: name, Name: name, Role: role, PasswordVersion: 1}
}

func (w *world) confirmed(u account.User, n phone.Number) account.User {
	w.exec("insert into mobile_numbers (user_id, number, country, confirmed_at) values ($1, $2, $3, now())", u.ID, n.E164, n.Country)
	return u
}

func (w *world) unconfirmed(u account.User, n phone.Number) account.User {
	w.exec("insert into mobile_numbers (user_id, number, country) values ($1, $2, $3)", u.ID, n.E164, n.Country)
	return u
}

// app sets up an authenticator app whose steps are all unused.
func (w *world) app(u account.User) otp.Secret {
	secret := otp.NewSecret()
	w.exec("insert into authenticators (user_id, secret_ct, last_step) values ($1, $2, 0)", u.ID,
		w.ring.Seal("authenticator secret", itoa(u.ID), []byte(secret)))
	return secret
}

// step is the app's code, offset steps away from the clock.
func (w *world) step(secret otp.Secret, offset int64) string {
	w.t.Helper()
	return otptest.Code(w.t, secret, otp.Step(w.now)+offset)
}

// begin is a log-in whose password was right.
func (w *world) begin(u account.User) session.Session {
	w.t.Helper()
	token, err := w.factors.Begin(context.Background(), u, "en", browser)
	if err != nil {
		w.t.Fatalf("begin: %v", err)
	}
	return w.load(token)
}

func (w *world) load(token session.Token) session.Session {
	w.t.Helper()
	sess, err := w.sessions.Load(context.Background(), token)
	if err != nil {
		w.t.Fatalf("load: %v", err)
	}
	return sess
}

// signedIn is a session of two factors, the second proven so long ago.
func (w *world) signedIn(u account.User, ago time.Duration) session.Session {
	w.t.Helper()
	token := session.NewToken()
	w.exec(`insert into sessions (user_id, token_hash, level, methods, address, user_agent, second_factor_at, password_at, expires_at)
		values ($1, $2, 2, '{pwd,sms}', '', '', now() - $3::interval, now() - $3::interval, now() + interval '8 hours')`, u.ID, token.Hash(), ago)
	return w.load(token)
}

// code is what the live challenge's text message says.
func (w *world) code(sess session.Session) string {
	w.t.Helper()
	var ref string
	var sealed []byte
	err := w.pool.QueryRow(context.Background(), "select ref, code_ct from challenges where session_id = $1 and ended_at is null", sess.ID).Scan(&ref, &sealed)
	if err != nil {
		w.t.Fatalf("read the code of session %d: %v", sess.ID, err)
	}
	code, err := w.factors.OpenCode(ref, sealed)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) verify(sess session.Session, code string) error {
	_, err := w.factors.Prove(context.Background(), sess, browser, factor.SMS, code)
	return err
}

func (w *world) verifyApp(sess session.Session, code string) error {
	_, err := w.factors.Prove(context.Background(), sess, browser, factor.App, code)
	return err
}

func (w *world) verifyRecovery(sess session.Session, code string) error {
	_, err := w.factors.Prove(context.Background(), sess, browser, factor.Recovery, code)
	return err
}

func (w *world) resend(sess session.Session) error {
	return w.factors.Resend(context.Background(), sess, "en", twofactor.SMS)
}

// recoveryCodes makes a sheet for the user and answers it.
func (w *world) recoveryCodes(u account.User) []string {
	w.t.Helper()
	sess := w.signedIn(u, 0)
	if err := w.factors.NewRecoveryCodes(context.Background(), sess, browser); err != nil {
		w.t.Fatal(err)
	}
	codes, err := w.factors.RecoverySheet(context.Background(), sess)
	if err != nil {
		w.t.Fatal(err)
	}
	w.exec("update sessions set ended_at = now() where id = $1", sess.ID)
	return codes
}

// raised counts the sessions of two factors that a user ever got.
func (w *world) raised(u account.User) int {
	return w.number("select count(*) from sessions where user_id = $1 and level = 2 and ended_at is null", u.ID)
}

func (w *world) messages(u account.User) int {
	return w.number("select count(*) from messages m join challenges c on c.id = m.challenge_id where c.user_id = $1", u.ID)
}

func (w *world) failures(u account.User) int {
	return w.number("select coalesce(max(in_a_row), 0) from factor_failures where user_id = $1", u.ID)
}

func (w *world) audited(action audit.Action) int {
	return w.number("select count(*) from audit_events where action = $1", action)
}

// not is a code that is wrong.
func not(code string) string {
	if code == "271828" {
		return "314159"
	}
	return "271828"
}

func itoa(n int64) string {
	var digits []byte
	for ; n > 0; n /= 10 {
		digits = append([]byte{byte('0' + n%10)}, digits...)
	}
	return string(digits)
}

// atOnce runs do n times in parallel and answers their results.
func atOnce[T any](n int, do func(i int) T) []T {
	results := make([]T, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			results[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return results
}

func succeeded(errs []error) int {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func wrong(t testing.TB, err error, left int) {
	t.Helper()
	var w *twofactor.Wrong
	if !errors.As(err, &w) || w.Left != left {
		t.Errorf("got %v, want a wrong code with %d tries left", err, left)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func limited(t testing.TB, err error, want twofactor.Limit) {
	t.Helper()
	var l *twofactor.Limited
	if !errors.As(err, &l) || l.Limit != want {
		t.Errorf("the answer is %v, not limit %s", err, want)
	}
}
