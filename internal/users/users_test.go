package users_test

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var client = session.Client{Address: "192.0.2.7", UserAgent: "test"}

type silent struct{}

func (silent) SendCode(context.Context, pgx.Tx, int64, int, bool) error { return nil }

type world struct {
	t        testing.TB
	pool     *db.Pool
	log      *audit.Log
	sessions *session.Store
	factors  *twofactor.Service
	people   *users.Service
	office   int64
	other    int64
}

// newWorld has the offices ACME and OTHER, each with the superusers boss and vice, the accountant ann and the user otto.
func newWorld(t testing.TB) *world {
	t.Helper()
	ring, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, pool: dbtest.Pool(t), log: audit.NewLog(slog.New(slog.NewTextHandler(io.Discard, nil)))}
	w.sessions = session.NewStore(w.pool, w.log)
	w.factors = twofactor.New(w.pool, ring, w.sessions, silent{}, w.log, nil, "Nightlatch")
	w.people = users.New(w.pool, w.sessions, w.log)
	for _, code := range []string{"ACME", "OTHER"} {
		id := w.number("insert into offices (code, name) values ($1, $1) returning id", code)
		for name, role := range map[string]string{"boss": "superuser", "vice": "superuser", "ann": "accountant", "otto": "user"} {
			w.exec("insert into users (office_id, username, name, email, role, password_hash) values ($1, $2, $2, $2 || '@example.org', $3, 'x')", id, name, role)
		}
		w.office, w.other = w.other, int64(id)
	}
	return w
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.pool.Exec(context.Background(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

func (w *world) number(sql string, args ...any) (n int) {
	w.t.Helper()
	if err := w.pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (w *world) id(office int64, username string) int64 {
	w.t.Helper()
	return int64(w.number("select id from users where office_id = $1 and username = $2", office, username))
}

// in is a session of a user of ACME, the password just proven.
func (w *world) in(username string) session.Session {
	w.t.Helper()
	token := session.NewToken()
	w.exec("insert into sessions (user_id, token_hash, address, user_agent, expires_at) values ($1, $2, '', '', now() + interval '8 hours')",
		w.id(w.office, username), token.Hash())
	sess, err := w.sessions.Load(context.Background(), token)
	if err != nil {
		w.t.Fatal(err)
	}
	return sess
}

func (w *world) living(username string) int {
	return w.number("select count(*) from sessions where user_id = $1 and ended_at is null", w.id(w.office, username))
}

func (w *world) audited(action audit.Action) int {
	return w.number("select count(*) from audit_events where action = $1", action)
}

func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestASuperuserMakesChangesDisablesAndDeletesAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss := w.in("boss")
	id, err := w.people.Add(t.Context(), boss, client, " Zoë ", users.Fields{Name: " Zoë\tJansen ", Email: "zoe@example.org", Role: account.RoleAccountant})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.number("select count(*) from users where id = $1 and username = 'zoë' and name = 'ZoëJansen' and role = 'accountant' and password_hash = ''", id); n != 1 {
		t.Error("the user is not there as asked")
	}
	_, err = w.people.Add(t.Context(), boss, client, "ZOË", users.Fields{Name: "Twin", Email: "twin@example.org", Role: account.RoleUser})
	is(t, "a twin", err, users.ErrTaken)
	w.in("otto")
	otto := w.id(w.office, "otto")
	is(t, "another name", w.people.Change(t.Context(), boss, client, otto, users.Fields{Name: "Otto", Email: "o@example.org", Role: account.RoleUser}), nil)
	if w.living("otto") != 1 {
		t.Error("another name ended a session")
	}
	is(t, "another role", w.people.Change(t.Context(), boss, client, otto, users.Fields{Name: "Otto", Email: "o@example.org", Role: account.RoleAccountant}), nil)
	if w.living("otto") != 0 {
		t.Error("another role ended no session")
	}
	w.in("otto")
	is(t, "disabling", w.people.Disable(t.Context(), boss, client, otto), nil)
	is(t, "disabling twice", w.people.Disable(t.Context(), boss, client, otto), nil)
	if w.living("otto") != 0 {
		t.Error("disabling ended no session")
	}
	is(t, "enabling", w.people.Enable(t.Context(), boss, client, otto), nil)
	w.in("otto")
	w.in("ann")
	is(t, "asking", w.people.AskReset(t.Context(), w.in("ann"), client, otto), nil)
	is(t, "deleting", w.people.Delete(t.Context(), boss, client, otto), nil)
	is(t, "deleting twice", w.people.Delete(t.Context(), boss, client, otto), account.ErrUnknown)
	for action, want := range map[audit.Action]int{
		audit.UserCreated: 1, audit.UserChanged: 1, audit.RoleChanged: 1, audit.UserDisabled: 1, audit.UserEnabled: 1, audit.UserDeleted: 1,
	} {
		if n := w.audited(action); n != want {
			t.Errorf("%s was written down %d times", action, n)
		}
	}
	if n := w.number("select count(*) from audit_events where action = 'user_deleted' and subject = 'otto' and actor = 'boss' and office_id = $1", w.office); n != 1 {
		t.Error("the history does not name the deleted user")
	}
}

func TestNothingMatchesTheUserWhoHasNoPasswordYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hasher, err := account.NewHasher()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.people.Add(t.Context(), w.in("boss"), client, "zoe", users.Fields{Name: "Zoe", Email: "zoe@example.org", Role: account.RoleUser}); err != nil {
		t.Fatal(err)
	}
	accounts := account.New(w.pool, hasher, w.log)
	for i, password := range []string{"", "nobody has this password", "x"} {
		_, err := accounts.SignIn(t.Context(), account.Attempt{OfficeCode: "ACME", Username: "zoe", Password: password, Browser: fmt.Append(nil, i)})
		is(t, fmt.Sprintf("%q", password), err, account.ErrWrong)
	}
}

// acts is everything that changes another user, on behalf of a session.
func (w *world) acts(sess session.Session, id int64) map[string]error {
	ctx := context.Background()
	_, added := w.people.Add(ctx, sess, client, "newcomer", users.Fields{Name: "N", Email: "n@example.org", Role: account.RoleUser})
	lines := []users.Line{{Number: 2, Username: "newcomer", Name: "N", Email: "n@example.org"}}
	_, planned := w.people.Plan(ctx, sess, lines)
	_, _, imported := w.people.Import(ctx, sess, client, lines, "")
	return map[string]error{
		"add": added, "plan": planned, "import": imported,
		"change":  w.people.Change(ctx, sess, client, id, users.Fields{Name: "X", Email: "", Role: account.RoleSuperuser}),
		"disable": w.people.Disable(ctx, sess, client, id), "enable": w.people.Enable(ctx, sess, client, id), "delete": w.people.Delete(ctx, sess, client, id),
	}
}

func (w *world) sum() (sum string) {
	w.t.Helper()
	if err := w.pool.QueryRow(context.Background(), "select md5(string_agg(u::text, ',' order by id)) from users u").Scan(&sum); err != nil {
		w.t.Fatal(err)
	}
	return sum
}

func TestOnlyASuperuserWithAFreshProofChangesUsersOfTheirOwnOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, otto := w.sum(), w.id(w.office, "otto")
	for _, name := range []string{"ann", "otto"} {
		sess := w.in(name)
		for act, err := range w.acts(sess, w.id(w.office, "boss")) {
			is(t, name+" "+act, err, twofactor.ErrNotAllowed)
		}
		_, err := w.people.Export(t.Context(), sess, client, nil)
		is(t, name+" exports", err, twofactor.ErrNotAllowed)
		is(t, name+" logs out", w.people.LogOut(t.Context(), sess, client, otto), twofactor.ErrNotAllowed)
		is(t, name+" logs all out", w.people.LogOutAll(t.Context(), sess, client, true), twofactor.ErrNotAllowed)
		is(t, name+" declines", w.people.DeclineReset(t.Context(), sess, client, otto), twofactor.ErrNotAllowed)
	}
	is(t, "a user asks for a reset", w.people.AskReset(t.Context(), w.in("otto"), client, w.id(w.office, "ann")), twofactor.ErrNotAllowed)

	stale := w.in("boss")
	stale.Now = stale.Now.Add(session.Fresh)
	for act, err := range w.acts(stale, otto) {
		is(t, "stale "+act, err, twofactor.ErrNotFresh)
	}
	// Where the office demands a second factor, a fresh password is none.
	pending := w.in("boss")
	pending.TwoFactorRequired, pending.Level, pending.SecondFactorAt = true, 2, pending.Now.Add(-session.Fresh)
	for act, err := range w.acts(pending, otto) {
		is(t, "password "+act, err, twofactor.ErrNotFresh)
	}
	pending.Level = 1
	for act, err := range w.acts(pending, otto) {
		is(t, "pending "+act, err, twofactor.ErrNotAllowed)
	}

	boss := w.in("boss")
	theirs := w.id(w.other, "otto")
	for act, err := range map[string]error{
		"change":  w.people.Change(t.Context(), boss, client, theirs, users.Fields{Name: "X", Role: account.RoleUser}),
		"disable": w.people.Disable(t.Context(), boss, client, theirs), "enable": w.people.Enable(t.Context(), boss, client, theirs),
		"delete": w.people.Delete(t.Context(), boss, client, theirs), "log out": w.people.LogOut(t.Context(), boss, client, theirs),
		"ask": w.people.AskReset(t.Context(), boss, client, theirs), "decline": w.people.DeclineReset(t.Context(), boss, client, theirs),
		"reset": w.factors.Reset(t.Context(), boss, client, theirs),
	} {
		is(t, "another office's: "+act, err, account.ErrUnknown)
	}
	for act, err := range map[string]error{
		"disable": w.people.Disable(t.Context(), boss, client, boss.User.ID), "delete": w.people.Delete(t.Context(), boss, client, boss.User.ID),
	} {
		is(t, act+" oneself", err, users.ErrYourself)
	}
	if w.sum() != before {
		t.Error("a user changed")
	}
}

func TestFieldsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss, before := w.in("boss"), w.sum()
	good := users.Fields{Name: "N", Email: "n@example.org", Role: account.RoleUser}
	with := func(change func(*users.Fields)) users.Fields {
		f := good
		change(&f)
		return f
	}
	long := fmt.Sprintf("%0121d", 0)
	for what, c := range map[string]struct {
		username string
		fields   users.Fields
		want     users.Problem
	}{
		"no username": {"", good, users.BadUsername}, "a space in it": {"a b", good, users.BadUsername}, "too long a one": {long[:65], good, users.BadUsername},
		"markup": {"<b>", good, users.BadUsername}, "a formula": {"=1", good, users.BadUsername},
		"no name":           {"n", with(func(f *users.Fields) { f.Name = " \t" }), users.BadName},
		"too long a name":   {"n", with(func(f *users.Fields) { f.Name = long }), users.BadName},
		"no address":        {"n", with(func(f *users.Fields) { f.Email = "" }), users.NoEmail},
		"half an address":   {"n", with(func(f *users.Fields) { f.Email = "n@" }), users.BadEmail},
		"two addresses":     {"n", with(func(f *users.Fields) { f.Email = "a@example.org,b@example.org" }), users.BadEmail},
		"a header":          {"n", with(func(f *users.Fields) { f.Email = "a@example.org Bcc: b@example.org" }), users.BadEmail},
		"too long an email": {"n", with(func(f *users.Fields) { f.Email = "a@" + long + long + long + ".org" }), users.BadEmail},
		"no role":           {"n", with(func(f *users.Fields) { f.Role = "" }), users.BadRole},
		"an operator":       {"n", with(func(f *users.Fields) { f.Role = "operator" }), users.BadRole},
		"a king":            {"n", with(func(f *users.Fields) { f.Role = "king" }), users.BadRole},
	} {
		_, err := w.people.Add(t.Context(), boss, client, c.username, c.fields)
		is(t, what, err, c.want)
		if c.want != users.BadUsername && c.want != users.NoEmail {
			is(t, what+", changing", w.people.Change(t.Context(), boss, client, w.id(w.office, "otto"), c.fields), c.want)
		}
	}
	if w.sum() != before {
		t.Error("a user changed")
	}
}

func TestTheLastSuperuserStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss := w.in("boss")
	vice := w.id(w.office, "vice")
	demoted := users.Fields{Name: "boss", Email: "boss@example.org", Role: account.RoleUser}
	is(t, "deleting the other", w.people.Delete(t.Context(), boss, client, vice), nil)
	is(t, "stepping down", w.people.Change(t.Context(), boss, client, boss.User.ID, demoted), users.ErrLastSuperuser)
	if w.living("boss") != 1 {
		t.Error("what was refused ended a session")
	}
	// One who cannot log in is none: invited and not come, or disabled.
	id, err := w.people.Add(t.Context(), boss, client, "heir", users.Fields{Name: "Heir", Email: "heir@example.org", Role: account.RoleSuperuser})
	if err != nil {
		t.Fatal(err)
	}
	is(t, "with an heir without a password", w.people.Change(t.Context(), boss, client, boss.User.ID, demoted), users.ErrLastSuperuser)
	w.exec("update users set password_hash = 'x', disabled_at = now() where id = $1", id)
	is(t, "with a disabled heir", w.people.Change(t.Context(), boss, client, boss.User.ID, demoted), users.ErrLastSuperuser)
	w.exec("update users set disabled_at = null where id = $1", id)
	is(t, "with an heir", w.people.Change(t.Context(), boss, client, boss.User.ID, demoted), nil)
	// Whatever way it comes about, and nothing in the way of the rest.
	for sql, refused := range map[string]bool{
		"delete from users where id = $1": true, "update users set role = 'user' where id = $1": true, "update users set disabled_at = now() where id = $1": true,
		"update users set password_hash = '' where id = $1":                         true,
		"update users set office_id = null, role = 'operator' where id = $1":        true,
		"update users set name = 'x', password_hash = 'y' where id = $1":            false,
		"update users set role = 'user' where role = 'user' and id <> $1":           false,
		"update users set disabled_at = now() where username = 'otto' and id <> $1": false,
	} {
		if _, err := w.pool.Exec(t.Context(), sql, id); (err != nil) != refused {
			t.Errorf("%s: %v", sql, err)
		}
	}
	w.exec("delete from offices where id = $1", w.office)
	w.exec("insert into offices (code, name) values ('NEW', 'Without a superuser yet')")
	w.exec("insert into users (office_id, username, name, role, password_hash) select id, 'first', 'First', 'user', 'x' from offices where code = 'NEW'")
	w.exec("update users set disabled_at = now() where username = 'first'")
}

func atOnce(n int, do func(i int) error) []error {
	errs, start := make([]error, n), make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

const able = "select count(*) from users where office_id = $1 and role = 'superuser' and disabled_at is null and password_hash <> ''"

func TestOfTwoSuperusersWhomSixteenTakeAwayAtOnceOneRemains(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// Each against the other, and against themselves.
	sessions := map[string]session.Session{"boss": w.in("boss"), "vice": w.in("vice")}
	names := []string{"boss", "vice"}
	errs := atOnce(16, func(i int) error {
		actor, subject := names[i%2], names[(i/2)%2]
		sess, id := sessions[actor], sessions[subject].User.ID
		switch {
		case i%3 == 0 && actor != subject:
			return w.people.Disable(context.Background(), sess, client, id)
		case i%3 == 1 && actor != subject:
			return w.people.Delete(context.Background(), sess, client, id)
		}
		return w.people.Change(context.Background(), sess, client, id, users.Fields{Name: subject, Email: "", Role: account.RoleUser})
	})
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, twofactor.ErrNotAllowed), errors.Is(err, users.ErrLastSuperuser), errors.Is(err, account.ErrUnknown):
		default:
			t.Errorf("one got %v", err)
		}
	}
	if n := w.number(able, w.office); n != 1 {
		t.Errorf("%d superusers remain, %d of sixteen were done: %v", n, won, errs)
	}
}

// The rule holds without the package, too: between two who do not see each other's change.
func TestTheDatabaseItselfKeepsTheLastSuperuser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	var txs [2]pgx.Tx
	for i, sql := range []string{"update users set role = 'user' where id = $1", "update users set disabled_at = now() where id = $1"} {
		tx, err := w.pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		if _, err := tx.Exec(ctx, sql, w.id(w.office, []string{"boss", "vice"}[i])); err != nil {
			t.Fatal(err)
		}
		txs[i] = tx
	}
	// The first is judged, and is about to commit; the second has to wait for what becomes of it.
	if _, err := txs[0].Exec(ctx, "set constraints all immediate"); err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		_, err := txs[1].Exec(ctx, "set constraints all immediate")
		second <- err
	}()
	time.Sleep(100 * time.Millisecond)
	if err := txs[0].Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err == nil {
		t.Error("the second passed")
		_ = txs[1].Commit(ctx)
	}
	if n := w.number(able, w.office); n != 1 {
		t.Errorf("%d superusers remain", n)
	}
}

func TestAResetIsAskedForAndGrantedOrDeclined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, boss, otto := w.in("ann"), w.in("boss"), w.id(w.office, "otto")
	w.exec("insert into mobile_numbers (user_id, number, country, confirmed_at) values ($1, '+31612345678', 'NL', now())", otto)
	is(t, "asking for oneself", w.people.AskReset(t.Context(), ann, client, ann.User.ID), twofactor.ErrNotAllowed)
	is(t, "asking", w.people.AskReset(t.Context(), ann, client, otto), nil)
	is(t, "asking again", w.people.AskReset(t.Context(), w.in("vice"), client, otto), nil)
	standing, err := w.people.Standing(t.Context(), w.office, otto)
	if err != nil || standing.ResetAskBy != "ann" {
		t.Errorf("%+v, %v", standing, err)
	}
	if requests, err := w.people.Requests(t.Context(), w.office); err != nil || len(requests) != 1 || requests[0].By != "ann" || requests[0].User.ID != otto {
		t.Errorf("%+v, %v", requests, err)
	}
	if requests, err := w.people.Requests(t.Context(), w.other); err != nil || len(requests) != 0 {
		t.Errorf("another office sees %+v, %v", requests, err)
	}
	is(t, "declining", w.people.DeclineReset(t.Context(), boss, client, otto), nil)
	is(t, "declining nothing", w.people.DeclineReset(t.Context(), boss, client, otto), nil)
	is(t, "asking once more", w.people.AskReset(t.Context(), ann, client, otto), nil)
	w.in("otto")
	is(t, "an accountant's reset", w.factors.Reset(t.Context(), ann, client, otto), twofactor.ErrNotAllowed)
	is(t, "for oneself", w.factors.Reset(t.Context(), boss, client, boss.User.ID), twofactor.ErrNotAllowed)
	is(t, "the reset", w.factors.Reset(t.Context(), boss, client, otto), nil)
	if w.number("select count(*) from reset_requests") != 0 || w.living("otto") != 0 || w.number("select count(*) from mobile_numbers") != 0 ||
		w.number("select count(*) from notices where user_id = $1 and kind = 'reset'", otto) != 1 {
		t.Error("the reset left a request, a session or the number, or did not tell the user")
	}
	if asked, declined, reset := w.audited(audit.ResetAsked), w.audited(audit.ResetDeclined), w.audited(audit.TwoFactorReset); asked != 2 || declined != 1 || reset != 1 {
		t.Errorf("written down: %d asked, %d declined, %d reset", asked, declined, reset)
	}
}

func TestWhoWasDemotedMeanwhileDoesNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss, otto := w.in("boss"), w.id(w.office, "otto")
	w.exec("update users set role = 'user' where username = 'boss'")
	before := w.sum()
	is(t, "reset", w.factors.Reset(t.Context(), boss, client, otto), twofactor.ErrNotAllowed)
	is(t, "log out", w.people.LogOut(t.Context(), boss, client, otto), twofactor.ErrNotAllowed)
	for act, err := range w.acts(boss, otto) {
		if act != "plan" { // it does nothing
			is(t, act, err, twofactor.ErrNotAllowed)
		}
	}
	if w.sum() != before {
		t.Error("a user changed")
	}
}

// told counts what superusers are told.
type told struct{ events []audit.Event }

func (t *told) TellSuperusers(_ context.Context, _ pgx.Tx, e audit.Event) error {
	t.events = append(t.events, e)
	return nil
}

func TestTheWayBackTellsEverySuperuser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mail told
	is(t, "reset", w.factors.Telling(&mail).ForceReset(t.Context(), w.office, w.id(w.office, "otto")), nil)
	w.exec("update offices set two_factor_required = true where id = $1", w.office)
	is(t, "off", office.New(w.pool, w.log, "").Telling(&mail).ForceOff(t.Context(), "ACME"), nil)
	is(t, "off without anybody to tell", office.New(w.pool, w.log, "").ForceOff(t.Context(), "OTHER"), nil)
	if len(mail.events) != 2 || mail.events[0].Office != w.office || mail.events[0].Subject.Name != "otto" || mail.events[1].Action != audit.TwoFactorSwitched {
		t.Errorf("told %+v", mail.events)
	}
	if n := w.number("select count(*) from notices n join users u on u.id = n.user_id where kind in ('forced_reset', 'forced_off') and role = 'superuser' and office_id = $1", w.office); n != 4 {
		t.Errorf("%d notices", n)
	}
}

func TestASuperuserLogsUsersOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	boss := w.in("boss")
	w.in("boss")
	w.in("otto")
	w.in("otto")
	w.in("ann")
	theirs := session.NewToken()
	w.exec("insert into sessions (user_id, token_hash, address, user_agent, expires_at) values ($1, $2, '', '', now() + interval '8 hours')", w.id(w.other, "otto"), theirs.Hash())
	sessions, users, err := w.people.LoggedIn(t.Context(), w.office)
	if err != nil || sessions != 5 || users != 3 {
		t.Errorf("%d sessions of %d users, %v", sessions, users, err)
	}
	is(t, "one user", w.people.LogOut(t.Context(), boss, client, w.id(w.office, "otto")), nil)
	if w.living("otto") != 0 || w.living("ann") != 1 {
		t.Error("the wrong sessions ended")
	}
	is(t, "all", w.people.LogOutAll(t.Context(), boss, client, false), nil)
	if n := w.living("boss"); n != 1 || w.living("ann") != 0 {
		t.Errorf("the superuser has %d sessions", n)
	}
	if _, err := w.sessions.Load(t.Context(), theirs); err != nil {
		t.Error("another office's session ended")
	}
	is(t, "all and one's own", w.people.LogOutAll(t.Context(), boss, client, true), nil)
	if w.living("boss") != 0 {
		t.Error("the superuser's own session lives")
	}
	is(t, "without a session", w.people.LogOutAll(t.Context(), boss, client, true), twofactor.ErrNotAllowed)
}

func TestTheListIsSearchedAndPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec("insert into users (office_id, username, name, role, password_hash) select $1, 'u' || n, 'Name_' || lpad(n::text, 4, '0') || ' O''Neil%', 'user', 'x' from generate_series(1, 1000) n", w.office)
	for _, c := range []struct {
		search     string
		page       int
		found, got int
	}{
		{"", 1, 1004, 50}, {"", 21, 1004, 4}, {"", 22, 1004, 50}, {"", -1, 1004, 50}, {"", 1 << 40, 1004, 50}, {"NAME_0017", 1, 1, 1}, {"U17", 1, 11, 11},
		{"%", 2, 1000, 50}, {"_", 1, 1000, 50}, {"o'neil%", 1, 1000, 50}, {"nobody", 1, 0, 0}, {"\x00", 1, 1004, 50}, {"otto", 3, 1, 1}, {"example", 1, 0, 0},
	} {
		list, err := w.people.List(t.Context(), w.office, c.search, c.page)
		if err != nil || list.Found != c.found || len(list.Users) != c.got || list.Total != 1004 {
			t.Errorf("%q page %d: %d found, %d shown of %d, %v", c.search, c.page, list.Found, len(list.Users), list.Total, err)
		}
	}
}
