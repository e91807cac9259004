package office_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var client = session.Client{Address: "192.0.2.7"}

// fixture is the offices ACME and OTHER, each with the superuser boss, the accountant ann and the user otto.
type fixture struct {
	dbtest.Database
	*office.Service
	t        testing.TB
	pool     *db.Pool
	sessions *session.Store
	acme     int64
	other    int64
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.Database, f.pool = dbtest.New(t)
	f.sessions = session.NewStore(f.pool, factory.AuditLog())
	f.Service = f.serve(account.NoMail{}, "vonage")
	f.acme, f.other = f.office("ACME"), f.office("OTHER")
	return f
}

// serve returns a Service with this post and provider.
func (f *fixture) serve(post account.Post, provider string) *office.Service {
	log := factory.AuditLog()
	return office.New(f.pool, account.NewWays(post, f.sessions, log), log, provider)
}

func (f *fixture) office(code string) int64 {
	id := factory.Office(f.t, f.pool, factory.OfficeOpts{Code: code}).ID
	for name, role := range map[string]string{"boss": "superuser", "ann": "accountant", "otto": "user"} {
		factory.User(f.t, f.pool, id, factory.UserOpts{Username: name, Role: role})
	}
	return id
}

func (f *fixture) user(officeID int64, name string) int64 {
	f.t.Helper()
	return f.ID("select id from users where office_id = $1 and username = $2", officeID, name)
}

// in is a session of a user of ACME: of the password alone, or of the second factors too, proven so long ago.
func (f *fixture) in(name string, ago time.Duration, factors ...string) session.Session {
	f.t.Helper()
	token := session.NewToken()
	factory.Session(f.t, f.pool, f.user(f.acme, name), factory.SessionOpts{
		TokenHash: token.Hash(), Factors: factors, ProvenAge: ago,
	})
	sess, err := f.sessions.Load(context.Background(), token)
	if err != nil {
		f.t.Fatal(err)
	}
	return sess
}

// demanding are the codes of the offices that demand two factors.
func (f *fixture) demanding() string {
	f.t.Helper()
	return f.Text("select string_agg(code, ' ' order by code) from offices where two_factor_required")
}

func (f *fixture) audited(action audit.Action) int {
	f.t.Helper()
	return f.Int("select count(*) from audit_events where action = $1", action)
}

func is(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

func TestActivatingMakesSessionsOfOneFactorPending(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss", 0)
	full := factory.Session(t, f.pool, f.user(f.acme, "otto"), factory.SessionOpts{Factors: []string{"otp"}}).ID
	theirs := factory.Session(t, f.pool, f.user(f.other, "otto"), factory.SessionOpts{}).ID
	is(t, "activating", f.Activate(t.Context(), boss, client), nil)
	is(t, "activating twice", f.Activate(t.Context(), boss, client), nil)
	if got := f.demanding(); got != "ACME" {
		t.Errorf("two factors are demanded by %q", got)
	}
	// Ten minutes are left for the second step, of the superuser too; other sessions last as long as before.
	for id, minutes := range map[int64]int{boss.ID: 10, full: 480, theirs: 480} {
		left := f.Int("select round(extract(epoch from expires_at - now()) / 60)::int from sessions where id = $1", id)
		if left != minutes {
			t.Errorf("session %d lasts for %d minutes, want %d", id, left, minutes)
		}
	}
	if n := f.audited(audit.TwoFactorActivated); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
	if n := f.Int("select count(*) from offices where two_factor_changed_at is not null"); n != 1 {
		t.Errorf("%d offices have a moment of the change", n)
	}
}

func TestSwitchingOffNeedsAFreshSecondFactor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	is(t, "activating", f.Activate(t.Context(), f.in("boss", 0, "otp"), client), nil)
	for what, sess := range map[string]session.Session{
		"the password alone": f.in("boss", 0), "a proof of eleven minutes ago": f.in("boss", 11*time.Minute, "otp"),
		"a provider's second factor": f.in("boss", 0, string(session.BySSOFactor)),
	} {
		if err := f.SwitchOff(t.Context(), sess, client); err == nil || f.demanding() != "ACME" {
			t.Errorf("%s switches off: %v", what, err)
		}
	}
	stale := f.in("boss", 11*time.Minute, "otp")
	is(t, "a stale proof", f.SwitchOff(t.Context(), stale, client), fault.StepUpRequired)
	is(t, "a fresh proof", f.SwitchOff(t.Context(), f.in("boss", 9*time.Minute, "otp"), client), nil)
	if f.demanding() != "" || f.audited(audit.TwoFactorSwitched) != 1 {
		t.Errorf("demanded by %q, noted %d times", f.demanding(), f.audited(audit.TwoFactorSwitched))
	}
}

func TestOnlyASuperuserTouchesTheOfficesSettings(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	for _, name := range []string{"ann", "otto"} {
		sess := f.in(name, 0, "otp")
		is(t, name+" activates", f.Activate(ctx, sess, client), office.ErrNotAllowed)
		is(t, name+" switches off", f.SwitchOff(ctx, sess, client), office.ErrNotAllowed)
		is(t, name+" adds a country", f.AllowCountry(ctx, sess, client, "SE", true), office.ErrNotAllowed)
		is(t, name+" closes a country", f.AllowCountry(ctx, sess, client, "FR", false), office.ErrNotAllowed)
		_, _, err := f.History(ctx, sess, audit.Search{})
		is(t, name+" reads the history", err, office.ErrNotAllowed)
	}
	if f.demanding() != "" || f.Int("select count(*) from audit_events") != 0 ||
		f.Int("select count(*) from office_countries where country in ('BE', 'DE', 'FR', 'GB', 'LU', 'NL')") != 12 ||
		f.Int("select count(*) from office_countries") != 12 {
		t.Error("something changed")
	}
}

// superusers is who is told of what the command line does.
// postbox is a Post that keeps what it is given, or refuses.
type postbox struct {
	mails []account.Mail
	err   error
}

func (*postbox) CanMail() bool { return true }

func (p *postbox) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	p.mails = append(p.mails, m)
	return p.err
}

func TestTheCommandLineSwitchesOffAndTheSuperusersAreTold(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var post postbox
	telling := f.serve(&post, "vonage")
	is(t, "an unknown office", telling.ForceOff(t.Context(), "NOPE"), office.ErrUnknown)
	is(t, "one that demands nothing", telling.ForceOff(t.Context(), "ACME"), nil)
	if len(post.mails) != 0 || f.audited(audit.TwoFactorSwitched) != 0 {
		t.Errorf("without a change told was %+v", post.mails)
	}
	f.Exec("update offices set two_factor_required = true")

	// Nothing is switched off in silence.
	post.err = errors.New("no mail")
	is(t, "without a way to tell", telling.ForceOff(t.Context(), "ACME"), post.err)
	if f.demanding() != "ACME OTHER" || f.Int("select count(*) from notices") != 0 {
		t.Errorf("demanded by %q", f.demanding())
	}
	post = postbox{}
	is(t, "the code as it is typed", telling.ForceOff(t.Context(), " acme "), nil)
	if got := f.demanding(); got != "OTHER" {
		t.Errorf("demanded by %q", got)
	}
	boss := f.user(f.acme, "boss")
	if len(post.mails) != 1 || post.mails[0].UserID != boss || post.mails[0].Kind != "forced_off" {
		t.Errorf("told was %+v", post.mails)
	}
	if n := f.Int("select count(*) from notices where kind = 'forced_off' and user_id = $1", boss); n != 1 ||
		f.Int("select count(*) from notices") != 1 {
		t.Errorf("the superuser has %d notices", n)
	}
	who := f.Text("select actor from audit_events where action = $1 and office_id = $2", audit.TwoFactorSwitched, f.acme)
	if who != "command line" {
		t.Errorf("the history names %q", who)
	}
	is(t, "without anybody to tell", f.ForceOff(t.Context(), "OTHER"), nil)
}

func TestThePreflightCountsEveryEnabledUserOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	number, app := f.user(f.acme, "boss"), f.user(f.acme, "ann")
	factory.Number(t, f.pool, number, factory.NumberOpts{})
	factory.Authenticator(t, f.pool, app, nil)
	factory.Number(t, f.pool, app, factory.NumberOpts{Unconfirmed: true})
	both := factory.User(t, f.pool, f.acme, factory.UserOpts{}).ID
	factory.Number(t, f.pool, both, factory.NumberOpts{})
	factory.Authenticator(t, f.pool, both, nil)
	factory.Number(t, f.pool, factory.User(t, f.pool, f.acme, factory.UserOpts{}).ID, factory.NumberOpts{
		Unconfirmed: true,
	})
	recovery := factory.User(t, f.pool, f.acme, factory.UserOpts{}).ID
	factory.RecoveryCode(t, f.pool, recovery, "mac") // is no factor by itself
	gone := factory.User(t, f.pool, f.acme, factory.UserOpts{Disabled: true}).ID
	factory.Number(t, f.pool, gone, factory.NumberOpts{})
	factory.Number(t, f.pool, f.user(f.other, "otto"), factory.NumberOpts{})

	got, err := f.Preflight(t.Context(), f.acme)
	want := office.Preflight{Users: 6, Ready: 3, Unconfirmed: 1, Without: 2, Sending: office.Sending{Provider: "vonage"}}
	if err != nil || got != want {
		t.Errorf("%+v, want %+v, %v", got, want, err)
	}
	f.Exec(`insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
		values ($1, 'https://idp.example', 'x', 'x', 'trust')`, f.acme)
	for _, user := range []int64{number, gone} {
		f.Exec(`insert into sso_identities (office_id, user_id, issuer, subject)
			values ($1, $2, 'https://idp.example', $2::bigint::text)`, f.acme, user)
	}
	want.SSO, want.SSOPolicy = 1, "trust"
	if got, err := f.Preflight(t.Context(), f.acme); err != nil || got != want {
		t.Errorf("with a provider %+v, want %+v, %v", got, want, err)
	}
}

func TestThePreflightSaysWhetherMessagesGoOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	sess := factory.Session(t, f.pool, f.user(f.other, "otto"), factory.SessionOpts{}).ID
	challenge := factory.Challenge(t, f.pool, sess, factory.ChallengeOpts{}).ID
	message := factory.Message(t, f.pool, challenge, factory.MessageOpts{}).ID
	sending := func() office.Sending {
		t.Helper()
		p, err := f.Preflight(t.Context(), f.acme)
		if err != nil {
			t.Fatal(err)
		}
		return p.Sending
	}
	factory.Send(t, f.pool, message, factory.SendOpts{State: "refused", Class: "account", Age: 61 * time.Minute})
	if !sending().Works() {
		t.Error("what is more than an hour ago counts")
	}
	// The newest word counts: of another office's message too.
	age := 50 * time.Minute
	for _, c := range []struct{ state, class, trouble string }{
		{"refused", "account", "account"}, {"refused", "ours", "ours"}, {"unknown", "unknown", "unknown"},
		{"refused", "number", ""}, {"refused", "retry", ""}, {"refused", "account", "account"}, {"sent", "sent", ""},
	} {
		factory.Send(t, f.pool, message, factory.SendOpts{State: c.state, Class: c.class, Age: age})
		age -= time.Minute
		if got := sending(); got.Trouble != c.trouble || got.Works() != (c.trouble == "") {
			t.Errorf("after %s the trouble is %q", c.class, got.Trouble)
		}
	}
	factory.Send(t, f.pool, message, factory.SendOpts{State: "calling", Class: "account"})
	if !sending().Works() {
		t.Error("a call under way counts")
	}
	none, err := f.serve(account.NoMail{}, "").Preflight(t.Context(), f.acme)
	if err != nil || none.Sending.Works() {
		t.Errorf("without a provider messages go out, %v", err)
	}
}

func TestCodesGoToTheMostUsedCountriesAndToThoseASuperuserAdds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss", 0)
	countries := func(officeID int64) string {
		t.Helper()
		list, err := f.Countries(t.Context(), officeID)
		if err != nil {
			t.Fatal(err)
		}
		var iso []string
		for _, c := range list {
			iso = append(iso, string(c.ISO))
		}
		return strings.Join(iso, " ")
	}
	allow := func(country phone.Country, allowed bool) error {
		return f.AllowCountry(t.Context(), boss, client, country, allowed)
	}
	const usual = "BE DE FR GB LU NL"
	if got := countries(f.acme); got != usual {
		t.Errorf("from the beginning %s", got)
	}
	is(t, "adding one", allow("SE", true), nil)
	is(t, "adding it twice", allow("SE", true), nil)
	is(t, "taking a usual one away", allow("FR", false), nil)
	is(t, "no country", allow("XX", true), office.ErrUnknown)
	is(t, "the globe", allow(phone.Globe, true), office.ErrUnknown)
	if got := countries(f.acme); got != "BE DE GB LU NL SE" {
		t.Errorf("after the changes %s", got)
	}
	if got := countries(f.other); got != usual {
		t.Errorf("another office has %s", got)
	}
	if got := f.Text("select string_agg(detail, ' ' order by id) from audit_events where action = $1",
		audit.CountryChanged); got != "+SE -FR" {
		t.Errorf("noted is %q", got)
	}
	// Nobody is locked out: a country where an enabled user has a confirmed number stays.
	otto := f.user(f.acme, "otto")
	factory.Number(t, f.pool, otto, factory.NumberOpts{Number: "+46701234567", Country: "SE", Unconfirmed: true})
	factory.Number(t, f.pool, f.user(f.other, "otto"), factory.NumberOpts{Number: "+4915123456789", Country: "DE"})
	is(t, "where another office has a number", allow("DE", false), nil)
	f.Exec("update mobile_numbers set confirmed_at = now()")
	is(t, "where a user has a number", allow("SE", false), office.ErrCountryInUse)
	list, err := f.Countries(t.Context(), f.acme)
	if err != nil || !reflect.DeepEqual(list[len(list)-1], office.Country{ISO: "SE", Users: 1}) {
		t.Errorf("the countries are %+v, %v", list, err)
	}
	f.Exec("update users set disabled_at = now() where id = $1", otto)
	is(t, "where a disabled user has a number", allow("SE", false), nil)
}

func TestTheHistoryIsOfTheOwnOfficeAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, id := range []int64{f.acme, f.other, 0} {
		factory.AuditEvent(t, f.pool, time.Hour, audit.Event{Office: id, Action: audit.SignedIn})
	}
	is(t, "activating", f.Activate(t.Context(), f.in("boss", 0), client), nil)
	sess := f.in("boss", 0)
	entries, more, err := f.History(t.Context(), sess, audit.Search{})
	if err != nil || len(entries) != 2 || more || entries[0].Actor != "boss" || entries[0].Address != client.Address {
		t.Fatalf("%+v, more is %v, %v", entries, more, err)
	}
	older, _, err := f.History(t.Context(), sess, audit.Search{Before: entries[0].ID})
	if err != nil || len(older) != 1 || older[0] != entries[1] {
		t.Errorf("before the newest stand %+v, %v", older, err)
	}
}

func TestAnOfficeIsCreatedOnceUnderACodeThatCanBeTyped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	is(t, "creating", f.Create(ctx, " zuid-1 ", " Kantoor Zuid ", audit.CommandLine), nil)
	long := strings.Repeat("é", 121)
	for what, c := range map[string][2]string{
		"there is an office ACME already": {"acme", "Acme"}, "letters, digits or hyphens": {"A B", "Name"},
		"the office code needs": {"", "Name"}, "begins with a letter": {"-A", "Name"},
		"the office's name needs": {"NEW", " "}, "needs 1 to 120 characters": {"NEW", long},
	} {
		if err := f.Create(ctx, c[0], c[1], audit.CommandLine); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q: %v", c[0], err)
		}
	}
	list, err := f.List(ctx)
	want := []office.Office{
		{Code: "ACME", Name: "ACME"}, {Code: "OTHER", Name: "OTHER"}, {Code: "ZUID-1", Name: "Kantoor Zuid"},
	}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("the offices are %+v, %v", list, err)
	}
	if f.audited(audit.OfficeCreated) != 1 || f.Text("select detail from audit_events") != "ZUID-1" {
		t.Error("the history does not name the new office, once")
	}
}
