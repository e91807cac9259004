package twofactor_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/metrics"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/operator"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

// stone is a made-up fourth kind of factor: whoever knows the stone's name has it. Besides this type it is a table and
// a branch of the view, as a real kind's migration would add them, and nothing else.
type stone struct {
	factor.PerSession
	pool interface {
		Exec(sql string, args ...any)
		Text(sql string, args ...any) string
	}
	ring *keys.Ring
}

const (
	kindStone   factor.Kind  = "stone"
	stoneAdded  audit.Action = "stone_added"
	stoneGone   audit.Action = "stone_removed"
	stoneName                = "granite"
	sealedStone              = "stone"
)

// sql returns what a kind's migration does.
func (stone) sql(view string) []string {
	return []string{
		"create table stones (user_id bigint primary key references users on delete cascade, name_ct bytea not null)",
		"create or replace view user_factors as " + view + `
			union all select s.user_id, 'stone', true, now(), '', '', 1 from stones s`,
	}
}

func (s stone) Kind() factor.Kind { return kindStone }
func (s stone) Words() factor.Words {
	return factor.Words{
		Added: stoneAdded, Changed: stoneAdded, Removed: stoneGone,
		AddedNotice: "app_added", ChangedNotice: "app_added", RemovedNotice: "app_removed",
	}
}
func (s stone) Clean(typed string) (string, bool) { return typed, typed != "" }
func (s stone) Begin(context.Context, pgx.Tx, factor.Owner) (factor.Setup, error) {
	return factor.Setup{Secret: otp.Secret(stoneName)}, nil
}
func (s stone) Verify(_ context.Context, tx pgx.Tx, o factor.Owner, t *factor.Try, typed string) (bool, error) {
	return typed == stoneName, nil
}
func (s stone) Enrol(ctx context.Context, tx pgx.Tx, o factor.Owner, _ factor.Try) (string, error) {
	_, err := tx.Exec(ctx, "insert into stones values ($1, $2)", o.UserID, s.ring.Seal(sealedStone, "", []byte(stoneName)))
	return "a stone", err
}
func (s stone) Remove(ctx context.Context, tx pgx.Tx, userID int64) error {
	_, err := tx.Exec(ctx, "delete from stones where user_id = $1", userID)
	return err
}
func (s stone) Reseal(context.Context, int64) (int64, error) {
	s.pool.Exec("update stones set name_ct = $1", s.ring.Seal(sealedStone, "", []byte(stoneName)))
	return 0, nil
}

// newStoneFixture is a fixture whose users may have a stone.
func newStoneFixture(t *testing.T, observers ...func(audit.Event)) *fixture {
	t.Helper()
	f := &fixture{t: t, ring: factory.Keys(t), now: time.Now()}
	f.Database, f.pool = dbtest.New(t)
	log := audit.NewLog(factory.Logger(), observers...)
	f.sessions = session.NewStore(f.pool, log)
	kind := stone{pool: f.Database, ring: f.ring}
	for _, sql := range kind.sql(f.Text("select rtrim(pg_get_viewdef('user_factors'), ';')")) {
		f.Exec(sql)
	}
	f.ways = account.NewWays(account.NoMail{}, f.sessions, log)
	f.factors = twofactor.New(f.pool, f.ring, f.sessions, factory.Outbox{}, f.ways, log,
		func() time.Time { return f.now }, "Nightlatch", kind)
	return f
}

func TestAFourthKindOfFactorNeedsNoChangeElsewhere(t *testing.T) {
	t.Parallel()
	var m *metrics.Metrics
	f := newStoneFixture(t, func(e audit.Event) { m.Audited(e) })
	m = metrics.New(f.pool, []string{"demo"}, factory.Logger())
	ctx, officeID := t.Context(), f.office("ACME", required)
	u := f.user(officeID, account.RoleUser)
	boss := f.confirmed(f.user(officeID, account.RoleSuperuser), numberA)

	// Enrolled at the log-in, which it completes.
	pending := f.begin(u)
	setup, err := f.factors.BeginEnrolment(ctx, pending, kindStone)
	if err != nil || setup.Secret != stoneName {
		t.Fatalf("setup %v, %v", setup, err)
	}
	_, err = f.factors.ConfirmEnrolment(ctx, pending, browser, kindStone, "slate")
	wrong(t, err, 4)
	proven, err := f.factors.ConfirmEnrolment(ctx, pending, browser, kindStone, stoneName)
	if err != nil || proven.Purpose != factor.PurposeEnrol || f.load(proven.Token).Pending() {
		t.Fatalf("%v, %v", proven.Purpose, err)
	}

	// Offered at the next log-in, and verified there. A number cannot be enrolled beside it, nor an app.
	next := f.begin(u)
	set, err := f.enrolled(u.ID)
	if err != nil || !set.HasFactor() || !set.Has(kindStone) {
		t.Fatalf("%v, %v", set, err)
	}
	if step, kind := f.factors.Next(set, false); step != twofactor.StepProve || kind != kindStone {
		t.Errorf("the next step is %s of %s", step, kind)
	}
	is(t, f.factors.SendTo(ctx, next, numberB, "en"), twofactor.ErrHasFactor)
	_, err = f.factors.BeginEnrolment(ctx, next, factor.App)
	is(t, err, twofactor.ErrHasFactor)
	if proven, err = f.factors.Prove(ctx, next, browser, kindStone, stoneName); err != nil {
		t.Fatal(err)
	}
	in := f.load(proven.Token)
	if in.Pending() || !in.FreshFactor() || in.Methods[1] != string(kindStone) {
		t.Errorf("the session is %+v", in)
	}

	f.stoneIsListed(u, boss)

	// Named in history and metrics.
	if f.audited(stoneAdded) != 1 {
		t.Error("the enrolment is not written down")
	}
	if n := f.Int("select count(*) from audit_events where action = 'signed_in' and detail = 'stone'"); n != 2 {
		t.Errorf("%d log-ins are written down", n)
	}
	scraped := httptest.NewRecorder()
	m.Handler().ServeHTTP(scraped, httptest.NewRequest("GET", "/metrics", nil))
	if want := `method="stone",outcome="signed_in"} 2`; !strings.Contains(scraped.Body.String(), want) {
		t.Errorf("the metrics have no %s", want)
	}

	// Resealed.
	sealed := f.Text("select encode(name_ct, 'hex') from stones")
	for _, kind := range f.factors.Kinds() {
		if _, err := kind.Reseal(ctx, 0); err != nil {
			t.Fatal(err)
		}
	}
	if f.Text("select encode(name_ct, 'hex') from stones") == sealed {
		t.Error("it is not sealed anew")
	}

	// The last one stays while the office demands one; with another it may go.
	is(t, f.factors.Remove(ctx, in, browser, kindStone), twofactor.ErrLastFactor)
	f.confirmed(u, numberB)
	is(t, f.factors.Remove(ctx, in, browser, factor.SMS), nil)
	is(t, f.factors.Remove(ctx, in, browser, kindStone), twofactor.ErrLastFactor)
	f.confirmed(u, numberB)
	is(t, f.factors.Remove(ctx, in, browser, kindStone), nil)
	if f.audited(stoneGone) != 1 || f.Int("select count(*) from stones") != 0 {
		t.Error("it was not removed, or nobody noted it")
	}

	// Reset.
	f.Exec("insert into stones values ($1, '\\x00')", u.ID)
	if _, err := f.factors.ForceReset(ctx, officeID, u.ID); err != nil {
		t.Fatal(err)
	}
	if set, err := f.enrolled(u.ID); err != nil || len(set) != 0 {
		t.Errorf("after a reset there is %v, %v", set, err)
	}
	if _, err := f.factors.BeginEnrolment(ctx, in, "sand"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a kind that nobody knows: %v", err)
	}
}

// stoneIsListed asks every place that says what a user has.
func (f *fixture) stoneIsListed(u, boss account.User) {
	f.t.Helper()
	ctx := context.Background()
	has := func(where string, set factor.Set, err error) {
		f.t.Helper()
		if err != nil || !set.Has(kindStone) || !set.HasFactor() {
			f.t.Errorf("%s has %v, %v", where, set, err)
		}
	}
	log := factory.AuditLog()
	profile, err := account.New(f.pool, nil, f.ways, factory.Outbox{}, log, "Nightlatch").Profile(ctx, u.OfficeID, u.ID)
	has("the profile", profile.Factors, err)

	people := users.New(f.pool, f.sessions, f.ways, f.factors, log)
	list, err := people.List(ctx, u.OfficeID, u.Username, 1)
	if err != nil || len(list.Users) != 1 {
		f.t.Fatal(list, err)
	}
	has("the list", list.Users[0].Factors, nil)
	var exported []factor.Set
	_, err = people.Export(ctx, f.signedIn(boss, 0), browser, func(set factor.Set) string {
		exported = append(exported, set)
		return ""
	})
	for _, set := range exported {
		if set.Has(kindStone) {
			has("the export", set, err)
			exported = nil
		}
	}
	if exported != nil {
		f.t.Errorf("the export has %v, %v", exported, err)
	}

	history, err := operator.New(f.pool, log, f.factors).Look(ctx, "ACME", u.Username)
	has("why is this user waiting", history.User.Factors, err)
	preflight, err := office.New(f.pool, f.ways, log, "demo").Preflight(ctx, u.OfficeID)
	if err != nil || preflight.Ready != 2 || preflight.Without != 0 {
		f.t.Errorf("the question before activation counts %+v, %v", preflight, err)
	}
	if err := f.factors.RegisterNumber(ctx, f.signedIn(boss, 0), browser, u.ID, numberB); err == nil {
		f.t.Error("a number was registered beside it")
	}
}
