package users_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var client = session.Client{Address: "192.0.2.7", UserAgent: "test"}

// fixture has the offices ACME and OTHER, each with the superusers boss and vice, the accountant ann and the user
// otto.
type fixture struct {
	dbtest.Database
	t        testing.TB
	pool     *db.Pool
	log      *audit.Log
	sessions *session.Store
	ring     *keys.Ring
	accounts *account.Service
	offices  *office.Service
	factors  *twofactor.Service
	people   *users.Service
	office   int64
	other    int64
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, log: factory.AuditLog(), ring: factory.Keys(t)}
	f.Database, f.pool = dbtest.New(t)
	f.sessions = session.NewStore(f.pool, f.log)
	f.serve(account.NoMail{})
	f.office, f.other = f.newOffice("ACME"), f.newOffice("OTHER")
	return f
}

// serve makes the services with this post.
func (f *fixture) serve(post account.Post) {
	hasher := account.NewHasher(factory.CheapHash())
	ways := account.NewWays(post, f.sessions, f.log)
	f.accounts = account.New(f.pool, hasher, ways, factory.Outbox{}, f.log, "Nightlatch")
	f.factors = twofactor.New(f.pool, f.ring, f.sessions, factory.Outbox{}, ways, f.log, nil, "Nightlatch")
	f.offices = office.New(f.pool, ways, f.log, "")
	f.people = users.New(f.pool, f.sessions, ways, f.factors, f.log)
}

func (f *fixture) newOffice(code string) int64 {
	id := factory.Office(f.t, f.pool, factory.OfficeOpts{Code: code}).ID
	for name, role := range map[string]string{"boss": "superuser", "vice": "superuser", "ann": "accountant",
		"otto": "user"} {
		o := factory.UserOpts{Username: name, Email: name + "@example.org", Role: role}
		factory.User(f.t, f.pool, id, o)
	}
	return id
}

func (f *fixture) id(office int64, username string) int64 {
	f.t.Helper()
	return f.ID("select id from users where office_id = $1 and username = $2", office, username)
}

// in is a session of a user of ACME, the password just proven.
func (f *fixture) in(username string) session.Session {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, f.id(f.office, username), factory.SessionOpts{TokenHash: token.Hash()})
	sess, err := f.sessions.Load(context.Background(), token)
	if err != nil {
		f.t.Fatal(err)
	}
	return sess
}

func (f *fixture) reset(ctx context.Context, sess session.Session, by session.Client, id int64) error {
	_, err := f.factors.Reset(ctx, sess, by, id)
	return err
}

func (f *fixture) living(username string) int {
	return f.Int("select count(*) from sessions where user_id = $1 and ended_at is null", f.id(f.office, username))
}

func (f *fixture) audited(action audit.Action) int {
	return f.Int("select count(*) from audit_events where action = $1", action)
}

func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestASuperuserMakesChangesDisablesAndDeletesAUser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	id, err := f.people.Add(t.Context(), boss, client, " Zoë ", users.Fields{
		Name: " Zoë\tJansen ", Email: "zoe@example.org", Role: account.RoleAccountant,
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := f.Int(`select count(*) from users where id = $1 and username = 'zoë' and name = 'Zoë Jansen'
		and role = 'accountant' and password_hash = ''`, id); n != 1 {
		t.Error("the user is not there as asked")
	}
	_, err = f.people.Add(t.Context(), boss, client, "ZOË", users.Fields{
		Name: "Twin", Email: "twin@example.org", Role: account.RoleUser,
	})
	is(t, "a twin", err, users.ErrTaken)
	f.in("otto")
	otto := f.id(f.office, "otto")
	is(t, "another name", f.people.Change(t.Context(), boss, client, otto, users.Fields{
		Name: "Otto", Email: "o@example.org", Role: account.RoleUser,
	}), nil)
	if f.living("otto") != 1 {
		t.Error("another name ended a session")
	}
	is(t, "another role", f.people.Change(t.Context(), boss, client, otto, users.Fields{
		Name: "Otto", Email: "o@example.org", Role: account.RoleAccountant,
	}), nil)
	if f.living("otto") != 0 {
		t.Error("another role ended no session")
	}
	f.in("otto")
	is(t, "disabling", f.people.Disable(t.Context(), boss, client, otto), nil)
	is(t, "disabling twice", f.people.Disable(t.Context(), boss, client, otto), nil)
	if f.living("otto") != 0 {
		t.Error("disabling ended no session")
	}
	is(t, "enabling", f.people.Enable(t.Context(), boss, client, otto), nil)
	f.in("otto")
	f.in("ann")
	is(t, "asking", f.people.AskReset(t.Context(), f.in("ann"), client, otto), nil)
	is(t, "deleting", f.people.Delete(t.Context(), boss, client, otto), nil)
	is(t, "deleting twice", f.people.Delete(t.Context(), boss, client, otto), account.ErrUnknown)
	for action, want := range map[audit.Action]int{
		audit.UserCreated: 1, audit.UserChanged: 1, audit.RoleChanged: 1, audit.UserDisabled: 1, audit.UserEnabled: 1,
		audit.UserDeleted: 1,
	} {
		if n := f.audited(action); n != want {
			t.Errorf("%s was written down %d times", action, n)
		}
	}
	if n := f.Int(`select count(*) from audit_events where action = 'user_deleted' and subject = 'otto'
		and actor = 'boss' and office_id = $1`, f.office); n != 1 {
		t.Error("the history does not name the deleted user")
	}
}

func TestNothingMatchesTheUserWhoHasNoPasswordYet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.people.Add(t.Context(), f.in("boss"), client, "zoe",
		users.Fields{Name: "Zoe", Email: "zoe@example.org", Role: account.RoleUser}); err != nil {
		t.Fatal(err)
	}
	for i, password := range []string{"", "nobody has this password", "x"} {
		_, err := f.accounts.SignIn(t.Context(), account.Attempt{
			OfficeCode: "ACME", Username: "zoe", Password: password, Browser: fmt.Append(nil, i),
		})
		is(t, fmt.Sprintf("%q", password), err, account.ErrWrong)
	}
}

// acts is everything that changes another user, on behalf of a session.
func (f *fixture) acts(sess session.Session, id int64) map[string]error {
	ctx := context.Background()
	_, added := f.people.Add(ctx, sess, client, "newcomer", users.Fields{
		Name: "N", Email: "n@example.org", Role: account.RoleUser,
	})
	lines := []users.Line{{Number: 2, Username: "newcomer", Name: "N", Email: "n@example.org"}}
	_, planned := f.people.Plan(ctx, sess, lines)
	_, _, imported := f.people.Import(ctx, sess, client, lines, "")
	_, again := f.people.InviteAgain(ctx, sess, client, []int64{id})
	return map[string]error{
		"add": added, "plan": planned, "import": imported,
		"invite": f.people.Invite(ctx, sess, client, id), "invite again": again,
		"change":  f.people.Change(ctx, sess, client, id, users.Fields{Name: "X", Email: "", Role: account.RoleSuperuser}),
		"disable": f.people.Disable(ctx, sess, client, id), "enable": f.people.Enable(ctx, sess, client, id),
		"delete": f.people.Delete(ctx, sess, client, id),
	}
}

// sum is a digest of all users.
func (f *fixture) sum() string {
	f.t.Helper()
	return f.Text("select md5(string_agg(u::text, ',' order by id)) from users u")
}

func TestOnlyASuperuserWithAFreshProofChangesUsersOfTheirOwnOffice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before, otto := f.sum(), f.id(f.office, "otto")
	for _, name := range []string{"ann", "otto"} {
		sess := f.in(name)
		for act, err := range f.acts(sess, f.id(f.office, "boss")) {
			is(t, name+" "+act, err, twofactor.ErrNotAllowed)
		}
		_, err := f.people.Export(t.Context(), sess, client, nil)
		is(t, name+" exports", err, twofactor.ErrNotAllowed)
		is(t, name+" logs out", f.people.LogOut(t.Context(), sess, client, otto), twofactor.ErrNotAllowed)
		is(t, name+" logs all out", f.people.LogOutAll(t.Context(), sess, client, true), twofactor.ErrNotAllowed)
		is(t, name+" declines", f.people.DeclineReset(t.Context(), sess, client, otto), twofactor.ErrNotAllowed)
	}
	is(t, "a user asks for a reset", f.people.AskReset(t.Context(), f.in("otto"), client, f.id(f.office, "ann")),
		twofactor.ErrNotAllowed)

	stale := f.in("boss")
	stale.Now = stale.Now.Add(session.Fresh)
	for act, err := range f.acts(stale, otto) {
		is(t, "stale "+act, err, fault.StepUpRequired)
	}
	// Where the office demands a second factor, a fresh password is none.
	pending := f.in("boss")
	pending.TwoFactorRequired, pending.Level, pending.SecondFactorAt = true, 2, pending.Now.Add(-session.Fresh)
	for act, err := range f.acts(pending, otto) {
		is(t, "password "+act, err, fault.StepUpRequired)
	}
	pending.Level = 1
	for act, err := range f.acts(pending, otto) {
		is(t, "pending "+act, err, twofactor.ErrNotAllowed)
	}

	boss := f.in("boss")
	theirs := f.id(f.other, "otto")
	for act, err := range map[string]error{
		"change":  f.people.Change(t.Context(), boss, client, theirs, users.Fields{Name: "X", Role: account.RoleUser}),
		"disable": f.people.Disable(t.Context(), boss, client, theirs), "enable": f.people.Enable(t.Context(), boss, client,
			theirs),
		"delete": f.people.Delete(t.Context(), boss, client, theirs), "log out": f.people.LogOut(t.Context(), boss, client,
			theirs),
		"ask": f.people.AskReset(t.Context(), boss, client, theirs), "decline": f.people.DeclineReset(t.Context(), boss,
			client, theirs),
		"reset": f.reset(t.Context(), boss, client, theirs),
	} {
		is(t, "another office's: "+act, err, account.ErrUnknown)
	}
	for act, err := range map[string]error{
		"disable": f.people.Disable(t.Context(), boss, client, boss.User.ID), "delete": f.people.Delete(t.Context(), boss,
			client, boss.User.ID),
	} {
		is(t, act+" oneself", err, users.ErrYourself)
	}
	if f.sum() != before {
		t.Error("a user changed")
	}
}

func TestFieldsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, before := f.in("boss"), f.sum()
	good := users.Fields{Name: "N", Email: "n@example.org", Role: account.RoleUser}
	with := func(change func(*users.Fields)) users.Fields {
		fields := good
		change(&fields)
		return fields
	}
	long := fmt.Sprintf("%0121d", 0)
	for what, c := range map[string]struct {
		username string
		fields   users.Fields
		want     users.Problem
	}{
		"no username": {"", good, users.BadUsername}, "a space in it": {"a b", good, users.BadUsername},
		"too long a one": {long[:65], good, users.BadUsername},
		"markup":         {"<b>", good, users.BadUsername}, "a formula": {"=1", good, users.BadUsername},
		"no name":         {"n", with(func(u *users.Fields) { u.Name = " \t" }), users.BadName},
		"too long a name": {"n", with(func(u *users.Fields) { u.Name = long }), users.BadName},
		"no address":      {"n", with(func(u *users.Fields) { u.Email = "" }), users.NoEmail},
		"half an address": {"n", with(func(u *users.Fields) { u.Email = "n@" }), users.BadEmail},
		"two addresses":   {"n", with(func(u *users.Fields) { u.Email = "a@example.org,b@example.org" }), users.BadEmail},
		"a header": {"n", with(func(u *users.Fields) { u.Email = "a@example.org Bcc: b@example.org" }),
			users.BadEmail},
		"too long an email": {"n", with(func(u *users.Fields) { u.Email = "a@" + long + long + long + ".org" }),
			users.BadEmail},
		"no role":     {"n", with(func(u *users.Fields) { u.Role = "" }), users.BadRole},
		"an operator": {"n", with(func(u *users.Fields) { u.Role = "operator" }), users.BadRole},
		"a king":      {"n", with(func(u *users.Fields) { u.Role = "king" }), users.BadRole},
	} {
		_, err := f.people.Add(t.Context(), boss, client, c.username, c.fields)
		is(t, what, err, c.want)
		if c.want != users.BadUsername && c.want != users.NoEmail {
			is(t, what+", changing", f.people.Change(t.Context(), boss, client, f.id(f.office, "otto"), c.fields), c.want)
		}
	}
	if f.sum() != before {
		t.Error("a user changed")
	}
}

func TestTheLastSuperuserStays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	vice := f.id(f.office, "vice")
	demoted := users.Fields{Name: "boss", Email: "boss@example.org", Role: account.RoleUser}
	is(t, "deleting the other", f.people.Delete(t.Context(), boss, client, vice), nil)
	is(t, "stepping down", f.people.Change(t.Context(), boss, client, boss.User.ID, demoted), users.ErrLastSuperuser)
	if f.living("boss") != 1 {
		t.Error("what was refused ended a session")
	}
	// One who cannot log in is none: invited and not come, or disabled.
	id, err := f.people.Add(t.Context(), boss, client, "heir", users.Fields{
		Name: "Heir", Email: "heir@example.org", Role: account.RoleSuperuser,
	})
	if err != nil {
		t.Fatal(err)
	}
	is(t, "with an heir without a password", f.people.Change(t.Context(), boss, client, boss.User.ID, demoted),
		users.ErrLastSuperuser)
	f.Exec("update users set password_hash = 'x', disabled_at = now() where id = $1", id)
	is(t, "with a disabled heir", f.people.Change(t.Context(), boss, client, boss.User.ID, demoted),
		users.ErrLastSuperuser)
	f.Exec("update users set disabled_at = null where id = $1", id)
	is(t, "with an heir", f.people.Change(t.Context(), boss, client, boss.User.ID, demoted), nil)
	// Whatever way it comes about, and nothing in the way of the rest.
	for sql, refused := range map[string]bool{
		"delete from users where id = $1": true, "update users set role = 'user' where id = $1": true,
		"update users set disabled_at = now() where id = $1":                        true,
		"update users set password_hash = '' where id = $1":                         true,
		"update users set office_id = null, role = 'operator' where id = $1":        true,
		"update users set name = 'x', password_hash = 'y' where id = $1":            false,
		"update users set role = 'user' where role = 'user' and id <> $1":           false,
		"update users set disabled_at = now() where username = 'otto' and id <> $1": false,
	} {
		if _, err := f.pool.Exec(t.Context(), sql, id); (err != nil) != refused {
			t.Errorf("%s: %v", sql, err)
		}
	}
	f.Exec("delete from offices where id = $1", f.office)
	without := factory.Office(t, f.pool, factory.OfficeOpts{Code: "NEW"}).ID
	factory.User(t, f.pool, without, factory.UserOpts{Username: "first"})
	f.Exec("update users set disabled_at = now() where username = 'first'")
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

const able = `select count(*) from users where office_id = $1 and role = 'superuser' and disabled_at is null
	and password_hash <> ''`

func TestOfTwoSuperusersWhomSixteenTakeAwayAtOnceOneRemains(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// Each against the other, and against themselves.
	sessions := map[string]session.Session{"boss": f.in("boss"), "vice": f.in("vice")}
	names := []string{"boss", "vice"}
	errs := atOnce(16, func(i int) error {
		actor, subject := names[i%2], names[(i/2)%2]
		sess, id := sessions[actor], sessions[subject].User.ID
		switch {
		case i%3 == 0 && actor != subject:
			return f.people.Disable(context.Background(), sess, client, id)
		case i%3 == 1 && actor != subject:
			return f.people.Delete(context.Background(), sess, client, id)
		}
		return f.people.Change(context.Background(), sess, client, id, users.Fields{
			Name: subject, Email: "", Role: account.RoleUser,
		})
	})
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case errors.Is(err, twofactor.ErrNotAllowed), errors.Is(err, users.ErrLastSuperuser),
			errors.Is(err, account.ErrUnknown):
		default:
			t.Errorf("one got %v", err)
		}
	}
	if n := f.Int(able, f.office); n != 1 {
		t.Errorf("%d superusers remain, %d of sixteen were done: %v", n, won, errs)
	}
}

// The rule holds without the package, too: between two who do not see each other's change.
func TestTheDatabaseItselfKeepsTheLastSuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	var txs [2]pgx.Tx
	for i := range txs {
		tx, err := f.pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		txs[i] = tx
	}
	// take does so, and is judged as at the commit.
	take := func(i int, name, sql string) error {
		if _, err := txs[i].Exec(ctx, sql, f.id(f.office, name)); err != nil {
			return err
		}
		_, err := txs[i].Exec(ctx, "set constraints all immediate")
		return err
	}
	if err := take(0, "boss", "update users set role = 'user' where id = $1"); err != nil {
		t.Fatal(err)
	}
	// The first is about to commit; the second has to wait for what becomes of it.
	second := make(chan error, 1)
	go func() { second <- take(1, "vice", "update users set disabled_at = now() where id = $1") }()
	time.Sleep(100 * time.Millisecond)
	if err := txs[0].Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err == nil {
		t.Error("the second passed")
		_ = txs[1].Commit(ctx)
	}
	if n := f.Int(able, f.office); n != 1 {
		t.Errorf("%d superusers remain", n)
	}
}

func TestAResetIsAskedForAndGrantedOrDeclined(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ann, boss, otto := f.in("ann"), f.in("boss"), f.id(f.office, "otto")
	factory.Number(t, f.pool, otto, factory.NumberOpts{})
	is(t, "asking for oneself", f.people.AskReset(t.Context(), ann, client, ann.User.ID), twofactor.ErrNotAllowed)
	is(t, "asking", f.people.AskReset(t.Context(), ann, client, otto), nil)
	is(t, "asking again", f.people.AskReset(t.Context(), f.in("vice"), client, otto), nil)
	standing, err := f.people.Standing(t.Context(), f.office, otto)
	if err != nil || standing.ResetAskBy != "ann" {
		t.Errorf("%+v, %v", standing, err)
	}
	if requests, err := f.people.Requests(t.Context(), f.office); err != nil || len(requests) != 1 ||
		requests[0].By != "ann" || requests[0].User.ID != otto {
		t.Errorf("%+v, %v", requests, err)
	}
	if requests, err := f.people.Requests(t.Context(), f.other); err != nil || len(requests) != 0 {
		t.Errorf("another office sees %+v, %v", requests, err)
	}
	is(t, "declining", f.people.DeclineReset(t.Context(), boss, client, otto), nil)
	is(t, "declining nothing", f.people.DeclineReset(t.Context(), boss, client, otto), nil)
	is(t, "asking once more", f.people.AskReset(t.Context(), ann, client, otto), nil)
	f.in("otto")
	is(t, "an accountant's reset", f.reset(t.Context(), ann, client, otto), twofactor.ErrNotAllowed)
	is(t, "for oneself", f.reset(t.Context(), boss, client, boss.User.ID), twofactor.ErrNotAllowed)
	is(t, "the reset", f.reset(t.Context(), boss, client, otto), nil)
	if f.Int("select count(*) from reset_requests") != 0 || f.living("otto") != 0 ||
		f.Int("select count(*) from mobile_numbers") != 0 ||
		f.Int("select count(*) from notices where user_id = $1 and kind = 'reset'", otto) != 1 {
		t.Error("the reset left a request, a session or the number, or did not tell the user")
	}
	if asked, declined, reset := f.audited(
		audit.ResetAsked), f.audited(audit.ResetDeclined), f.audited(audit.TwoFactorReset); asked != 2 || declined != 1 ||
		reset != 1 {
		t.Errorf("written down: %d asked, %d declined, %d reset", asked, declined, reset)
	}
}

func TestWhoWasDemotedMeanwhileDoesNothingMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, otto := f.in("boss"), f.id(f.office, "otto")
	f.Exec("update users set role = 'user' where username = 'boss'")
	before := f.sum()
	is(t, "reset", f.reset(t.Context(), boss, client, otto), twofactor.ErrNotAllowed)
	is(t, "log out", f.people.LogOut(t.Context(), boss, client, otto), twofactor.ErrNotAllowed)
	for act, err := range f.acts(boss, otto) {
		if act != "plan" { // it does nothing
			is(t, act, err, twofactor.ErrNotAllowed)
		}
	}
	if f.sum() != before {
		t.Error("a user changed")
	}
}

// postbox is a Post that keeps what it is given.
type postbox struct{ mails []account.Mail }

func (*postbox) CanMail() bool { return true }

func (p *postbox) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	p.mails = append(p.mails, m)
	return nil
}

// to lists the kinds of the mails to a user.
func (p *postbox) to(userID int64) (kinds []string) {
	for _, m := range p.mails {
		if m.UserID == userID {
			kinds = append(kinds, m.Kind)
		}
	}
	return kinds
}

func TestTheWayBackTellsEverySuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	post := &postbox{}
	f.serve(post)
	otto, boss, vice := f.id(f.office, "otto"), f.id(f.office, "boss"), f.id(f.office, "vice")
	_, err := f.factors.ForceReset(t.Context(), f.office, otto)
	is(t, "reset", err, nil)
	f.Exec("update offices set two_factor_required = true where id = $1", f.office)
	is(t, "off", f.offices.ForceOff(t.Context(), "ACME"), nil)
	is(t, "off where nothing is demanded", f.offices.ForceOff(t.Context(), "OTHER"), nil)
	f.serve(account.NoMail{})
	f.Exec("update offices set two_factor_required = true where id = $1", f.other)
	is(t, "off without mail", f.offices.ForceOff(t.Context(), "OTHER"), nil)
	told := []string{"forced_reset", "forced_off"}
	if !slices.Equal(post.to(boss), told) || !slices.Equal(post.to(vice), told) || len(post.to(otto)) != 1 ||
		len(post.mails) != 5 {
		t.Errorf("mailed is %+v", post.mails)
	}
	if n := f.Int(`select count(*) from notices n join users u on u.id = n.user_id
		where kind in ('forced_reset', 'forced_off') and role = 'superuser' and office_id = $1`, f.office); n != 4 {
		t.Errorf("%d notices", n)
	}
}

func TestASuperuserLogsUsersOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	f.in("boss")
	f.in("otto")
	f.in("otto")
	f.in("ann")
	theirs := session.NewToken()
	factory.Session(f.t, f.pool, f.id(f.other, "otto"), factory.SessionOpts{TokenHash: theirs.Hash()})
	sessions, users, err := f.people.LoggedIn(t.Context(), f.office)
	if err != nil || sessions != 5 || users != 3 {
		t.Errorf("%d sessions of %d users, %v", sessions, users, err)
	}
	is(t, "one user", f.people.LogOut(t.Context(), boss, client, f.id(f.office, "otto")), nil)
	if f.living("otto") != 0 || f.living("ann") != 1 {
		t.Error("the wrong sessions ended")
	}
	is(t, "all", f.people.LogOutAll(t.Context(), boss, client, false), nil)
	if n := f.living("boss"); n != 1 || f.living("ann") != 0 {
		t.Errorf("the superuser has %d sessions", n)
	}
	if _, err := f.sessions.Load(t.Context(), theirs); err != nil {
		t.Error("another office's session ended")
	}
	is(t, "all and one's own", f.people.LogOutAll(t.Context(), boss, client, true), nil)
	if f.living("boss") != 0 {
		t.Error("the superuser's own session lives")
	}
	is(t, "without a session", f.people.LogOutAll(t.Context(), boss, client, true), twofactor.ErrNotAllowed)
}

func TestTheListIsSearchedAndPaged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`insert into users (office_id, username, name, role, password_hash)
		select $1, 'u' || n, 'Name_' || lpad(n::text, 4, '0') || ' O''Neil%', 'user', 'x' from generate_series(1, 1000) n`,
		f.office)
	for _, c := range []struct {
		search     string
		page       int
		found, got int
	}{
		{"", 1, 1004, 50}, {"", 21, 1004, 4}, {"", 22, 1004, 50}, {"", -1, 1004, 50}, {"", 1 << 40, 1004, 50},
		{"NAME_0017", 1, 1, 1}, {"U17", 1, 11, 11},
		{"%", 2, 1000, 50}, {"_", 1, 1000, 50}, {"o'neil%", 1, 1000, 50}, {"nobody", 1, 0, 0}, {"\x00", 1, 1004, 50},
		{"otto", 3, 1, 1}, {"example", 1, 0, 0},
	} {
		list, err := f.people.List(t.Context(), f.office, c.search, c.page)
		if err != nil || list.Found != c.found || len(list.Users) != c.got || list.Total != 1004 {
			t.Errorf("%q page %d: %d found, %d shown of %d, %v", c.search, c.page, list.Found, len(list.Users), list.Total, err)
		}
	}
}
