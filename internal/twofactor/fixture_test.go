package twofactor_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
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
	// elsewhere is a browser in which nobody ever completed a log-in.
	elsewhere = session.Client{Address: "198.51.100.7", UserAgent: "test", Browser: []byte("another browser's hash")}
)

// fixture is one database with the services of the second step.
type fixture struct {
	dbtest.Database
	t        testing.TB
	pool     *db.Pool
	ring     *keys.Ring
	sessions *session.Store
	ways     *account.Ways
	factors  *twofactor.Service
	now      time.Time // the clock of time-based codes
	networks atomic.Int64
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, ring: factory.Keys(t), now: time.Now()}
	f.Database, f.pool = dbtest.New(t)
	f.sessions = session.NewStore(f.pool, factory.AuditLog())
	f.serve(account.NoMail{})
	return f
}

// serve makes the services with this post.
func (f *fixture) serve(post account.Post) {
	log := factory.AuditLog()
	f.ways = account.NewWays(post, f.sessions, log)
	f.factors = twofactor.New(f.pool, f.ring, f.sessions, factory.Outbox{}, f.ways, log,
		func() time.Time { return f.now }, "Nightlatch")
}

func (f *fixture) office(code string, twoFactor bool) int64 {
	return factory.Office(f.t, f.pool, factory.OfficeOpts{Code: code, TwoFactorRequired: twoFactor}).ID
}

func (f *fixture) user(office int64, role account.Role) account.User {
	u := factory.User(f.t, f.pool, office, factory.UserOpts{Role: string(role)})
	id, name := u.ID, u.Username
	return account.User{ID: id, OfficeID: office, Username: name, Name: name, Role: role, PasswordVersion: 1}
}

func (f *fixture) confirmed(u account.User, n phone.Number) account.User {
	factory.Number(f.t, f.pool, u.ID, factory.NumberOpts{Number: n.E164, Country: string(n.Country)})
	return u
}

func (f *fixture) unconfirmed(u account.User, n phone.Number) account.User {
	o := factory.NumberOpts{Number: n.E164, Country: string(n.Country), Unconfirmed: true}
	factory.Number(f.t, f.pool, u.ID, o)
	return u
}

// app sets up an authenticator app whose steps are all unused.
func (f *fixture) app(u account.User) otp.Secret {
	secret := otp.NewSecret()
	factory.Authenticator(f.t, f.pool, u.ID, f.ring.Seal("authenticator secret", itoa(u.ID), []byte(secret)))
	return secret
}

// step is the app's code, offset steps away from the clock.
func (f *fixture) step(secret otp.Secret, offset int64) string {
	f.t.Helper()
	return otptest.Code(f.t, secret, otp.Step(f.now)+offset)
}

// begin is a log-in whose password was right, and one of its own: none goes on that was begun before.
func (f *fixture) begin(u account.User) session.Session {
	f.t.Helper()
	f.Exec("update sessions set browser_hash = null")
	return f.beginIn(u, browser)
}

// network is an address that no log-in came from yet.
func (f *fixture) network() string {
	n := f.networks.Add(1)
	return fmt.Sprintf("198.%d.%d.7", 18+n/250, n%250)
}

func (f *fixture) load(token session.Token) session.Session {
	f.t.Helper()
	sess, err := f.sessions.Load(context.Background(), token)
	if err != nil {
		f.t.Fatalf("load: %v", err)
	}
	return sess
}

// signedIn is a session of two factors, the second proven so long ago.
func (f *fixture) signedIn(u account.User, ago time.Duration) session.Session {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, u.ID, factory.SessionOpts{
		TokenHash: token.Hash(), Factors: []string{"sms"}, ProvenAge: ago,
	})
	return f.load(token)
}

// enrolled is what a user has.
func (f *fixture) enrolled(userID int64) (set factor.Set, err error) {
	f.t.Helper()
	var rows []byte
	err = f.pool.QueryRow(context.Background(), "select factors_of($1)", userID).Scan(&rows)
	if err == nil {
		set, err = factor.ParseSet(rows)
	}
	return set, err
}

// code is what the live challenge's text message says.
func (f *fixture) code(sess session.Session) string {
	f.t.Helper()
	var ref string
	var sealed []byte
	err := f.pool.QueryRow(context.Background(),
		"select ref, code_ct from challenges where session_id = $1 and ended_at is null", sess.ID).Scan(&ref, &sealed)
	if err != nil {
		f.t.Fatalf("read the code of session %d: %v", sess.ID, err)
	}
	code, err := f.factors.OpenCode(ref, sealed)
	if err != nil {
		f.t.Fatal(err)
	}
	return code
}

func (f *fixture) verify(sess session.Session, code string) error {
	_, err := f.factors.Prove(context.Background(), sess, browser, factor.SMS, code)
	return err
}

func (f *fixture) verifyApp(sess session.Session, code string) error {
	_, err := f.factors.Prove(context.Background(), sess, browser, factor.App, code)
	return err
}

func (f *fixture) verifyRecovery(sess session.Session, code string) error {
	_, err := f.factors.Prove(context.Background(), sess, browser, factor.Recovery, code)
	return err
}

func (f *fixture) resend(sess session.Session) error {
	return f.factors.Resend(context.Background(), sess, "en", phone.ByText)
}

// recoveryCodes makes a sheet for the user and returns it.
func (f *fixture) recoveryCodes(u account.User) []string {
	f.t.Helper()
	sess := f.signedIn(u, 0)
	if err := f.factors.NewRecoveryCodes(context.Background(), sess, browser); err != nil {
		f.t.Fatal(err)
	}
	codes, err := f.factors.RecoverySheet(context.Background(), sess)
	if err != nil {
		f.t.Fatal(err)
	}
	f.Exec("update sessions set ended_at = now() where id = $1", sess.ID)
	return codes
}

// raised counts the sessions of two factors that a user ever got.
func (f *fixture) raised(u account.User) int {
	return f.Int("select count(*) from sessions where user_id = $1 and level = 2 and ended_at is null", u.ID)
}

func (f *fixture) messages(u account.User) int {
	return f.Int("select count(*) from messages m join challenges c on c.id = m.challenge_id where c.user_id = $1", u.ID)
}

func (f *fixture) failures(u account.User) int {
	return f.Int("select coalesce(max(in_a_row), 0) from factor_failures where user_id = $1", u.ID)
}

func (f *fixture) audited(action audit.Action) int {
	return f.Int("select count(*) from audit_events where action = $1", action)
}

// not is a code that is wrong.
func not(code string) string {
	if code == "271828" {
		return "314159"
	}
	return "271828"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// atOnce runs do n times in parallel and returns their results.
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
