package handlers

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/issuer"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/users"
)

// truster is a user with an authenticator app, whose office lets them trust browsers.
type truster struct {
	*fixture
	user account.User
}

func (f *fixture) truster(name string) *truster {
	f.t.Helper()
	f.Exec("update offices set two_factor_required = true, trusted_browser_days = 14")
	hash, err := passwordHash()
	if err != nil {
		f.t.Fatal(err)
	}
	office := f.users["ACME/user"].OfficeID
	id := factory.User(f.t, f.pool, office, factory.UserOpts{Username: name, Name: name, PasswordHash: hash}).ID
	sealed := f.ring.Seal("authenticator secret", strconv.FormatInt(id, 10), []byte(trustKey))
	factory.Authenticator(f.t, f.pool, id, sealed)
	tr := &truster{f, account.User{ID: id, OfficeID: office}}
	tr.read()
	return tr
}

const trustKey = otp.Secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")

// read reads the user as a log-in does, whatever became of their password.
func (tr *truster) read() {
	profile, err := tr.services.Accounts.Profile(context.Background(), tr.user.OfficeID, tr.user.ID)
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.user = profile.User
	tr.user.PasswordVersion = tr.ID("select password_version from users where id = $1", tr.user.ID)
}

// begin logs in by the password, in a browser that keeps a secret or none.
func (tr *truster) begin(secret session.Token) session.Session {
	tr.t.Helper()
	client := session.Client{Address: "192.0.2.1"}
	if secret != "" {
		client.Trust = [][]byte{secret.Hash()}
	}
	token, _, err := tr.factors.Begin(context.Background(), tr.user, "en", client)
	if err != nil {
		tr.t.Fatal(err)
	}
	return tr.load(token)
}

func (tr *truster) load(token session.Token) session.Session {
	tr.t.Helper()
	sess, err := tr.services.Sessions.Load(context.Background(), token)
	if err != nil {
		tr.t.Fatal(err)
	}
	return sess
}

// trust proves the app, and returns the secret of the browser that is trusted.
func (tr *truster) trust() session.Token {
	tr.t.Helper()
	ctx, client := context.Background(), session.Client{Address: "192.0.2.1"}
	tr.Exec("update authenticators set last_step = 0")
	proven, err := tr.factors.Prove(ctx, tr.begin(""), client, factor.App, appCode(tr.t, trustKey, 0))
	if err != nil {
		tr.t.Fatal(err)
	}
	trust, err := tr.factors.TrustBrowser(ctx, tr.load(proven.Token), client)
	if err != nil {
		tr.t.Fatal(err)
	}
	return trust.Token
}

// living reports whether a session lives and has nothing left to prove.
func (tr *truster) living(id int64) bool {
	return tr.Int("select count(*) from living_sessions where id = $1 and level = 2", id) == 1
}

// Whatever takes the proof away that a trusted browser stands for makes its secret worth nothing, a copy of it too, and
// ends the sessions that stand by it: the next log-in asks for the code.
func TestTheTrustInABrowserEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, client := context.Background(), session.Client{Address: "192.0.2.1"}
	s := f.services
	var boss, own session.Session
	for name, cause := range map[string]struct {
		do    func(tr *truster) error
		stays bool // the session that is in already
	}{
		"a role": {do: func(tr *truster) error {
			return s.Users.Change(ctx, boss, client, tr.user.ID, users.Fields{Name: "x", Role: account.RoleAccountant})
		}},
		"a role and back": {do: func(tr *truster) error {
			for _, role := range []account.Role{account.RoleAccountant, account.RoleUser} {
				if err := s.Users.Change(ctx, boss, client, tr.user.ID, users.Fields{Name: "x", Role: role}); err != nil {
					return err
				}
			}
			return nil
		}},
		"disabled for a moment": {do: func(tr *truster) error {
			if err := s.Users.Disable(ctx, boss, client, tr.user.ID); err != nil {
				return err
			}
			return s.Users.Enable(ctx, boss, client, tr.user.ID)
		}},
		"a reset": {do: func(tr *truster) error {
			_, err := tr.factors.Reset(ctx, boss, client, tr.user.ID)
			return err
		}},
		"logged out by a superuser": {do: func(tr *truster) error { return s.Users.LogOut(ctx, boss, client, tr.user.ID) }},
		"everybody logged out":      {do: func(*truster) error { return s.Users.LogOutAll(ctx, boss, client, false) }},
		"fewer days":                {do: func(*truster) error { return s.Offices.AllowTrusted(ctx, boss, client, 7) }},
		"more days":                 {do: func(*truster) error { return s.Offices.AllowTrusted(ctx, boss, client, 30) }},
		"no more trust":             {do: func(*truster) error { return s.Offices.AllowTrusted(ctx, boss, client, 0) }},
		"no and yes": {do: func(*truster) error {
			if err := s.Offices.AllowTrusted(ctx, boss, client, 0); err != nil {
				return err
			}
			return s.Offices.AllowTrusted(ctx, boss, client, 14)
		}},
		"switched off and on": {do: func(*truster) error {
			if err := s.Offices.SwitchOff(ctx, boss, client); err != nil {
				return err
			}
			return s.Offices.Activate(ctx, boss, client)
		}},
		"their own end": {do: func(tr *truster) error {
			return s.Sessions.EndTrusted(ctx, own, tr.ID("select max(id) from trusted_browsers"), client)
		}},
		"all others logged out": {do: func(*truster) error { return s.Sessions.EndOthers(ctx, own, client) }, stays: true},
		"a new password, by whoever": {do: func(tr *truster) error {
			tr.Exec("update users set password_version = password_version + 1 where id = $1", tr.user.ID)
			return nil
		}},
		"a role, by whoever": {stays: true, do: func(tr *truster) error {
			tr.Exec("update users set role = 'accountant' where id = $1", tr.user.ID)
			return nil
		}},
		"a policy, by whoever": {stays: true, do: func(tr *truster) error {
			tr.Exec("update trusted_browsers set created_at = created_at - interval '8 days'")
			tr.Exec("update offices set trusted_browser_days = 7")
			return nil
		}},
		"the last factor, by whoever": {stays: true, do: func(tr *truster) error {
			tr.Exec("delete from authenticators where user_id = $1", tr.user.ID)
			return nil
		}},
		"a date that comes": {stays: true, do: func(tr *truster) error {
			tr.Exec("update users set demanded_from = now() where id = $1", tr.user.ID)
			return nil
		}},
		"time": {stays: true, do: func(tr *truster) error {
			tr.Exec("update trusted_browsers set expires_at = now()")
			return nil
		}},
	} {
		tr := f.truster(strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", ""))
		token := session.NewToken()
		factory.Session(t, f.pool, f.users["ACME/superuser"].ID, factory.SessionOpts{TokenHash: token.Hash(),
			Factors: []string{"otp"}})
		boss = tr.load(token)
		secret := tr.trust()
		own = tr.begin(secret)
		if own.Pending() || !own.Trusted() {
			t.Fatalf("%s: a trusted browser is asked: %+v", name, own)
		}
		if err := cause.do(tr); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if tr.living(own.ID) != cause.stays {
			t.Errorf("%s: the session that was in: %v", name, !cause.stays)
		}
		tr.read()
		if next := tr.begin(secret); !next.Pending() {
			t.Errorf("%s: the secret, or its copy, serves on", name)
		}
	}
}

// A secret is its user's alone, and only a browser that brings it is not asked.
func TestTheTrustInABrowserIsOneUsers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	mine, other := f.truster("ann"), f.truster("bob")
	secret := mine.trust()
	elsewhere := f.users["OTHER/user"]
	f.Exec("update users set username = 'ann' where id = $1", elsewhere.ID)
	for name, sess := range map[string]session.Session{
		"another user": other.begin(secret), "the same name in another office": (&truster{f, elsewhere}).begin(secret),
		"no secret": mine.begin(""), "a made-up one": mine.begin(session.NewToken()),
	} {
		if !sess.Pending() {
			t.Errorf("%s is not asked", name)
		}
	}
	id := f.ID("select id from trusted_browsers")
	err := f.services.Sessions.EndTrusted(t.Context(), other.begin(other.trust()), id, session.Client{})
	if err == nil || mine.begin(secret).Pending() {
		t.Errorf("another user ends it: %v", err)
	}
	// Nobody trusts a browser without a proof of a moment ago.
	for name, sess := range map[string]session.Session{"pending": mine.begin(""), "trusted": mine.begin(secret)} {
		if _, err := f.factors.TrustBrowser(t.Context(), sess, session.Client{}); err == nil {
			t.Errorf("a session that is %s trusts its browser", name)
		}
	}
	f.Exec("update sessions set second_factor_at = now() - interval '2 minutes' where second_factor_at is not null")
	if _, err := f.factors.TrustBrowser(t.Context(), mine.begin(secret), session.Client{}); err == nil {
		t.Error("an old proof trusts a browser")
	}
}

// What a trusted browser raised has proven one factor, wherever that is asked: step-ups, sensitive applications and
// those that demand a proof of their own, what applications are told.
func TestATrustedBrowserProvesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tr := f.truster("ann")
	secret := tr.trust()
	token, _, err := f.factors.Begin(t.Context(), tr.user, "en", session.Client{Trust: [][]byte{secret.Hash()}})
	if err != nil {
		t.Fatal(err)
	}
	sess, cookie := tr.load(token), "nightlatch="+string(token)
	for _, need := range []session.StepUp{session.StepUpOwn, session.StepUpOffice, session.StepUpBoth} {
		if sess.RequireStepUp(need) == nil {
			t.Errorf("it satisfies a step-up: %s", need)
		}
	}
	if rec := f.ask(http.MethodGet, paths.MyNumber, cookie, ""); !strings.HasPrefix(where(rec), paths.StepUp) {
		t.Errorf("a change of the number is answered %d %s", rec.Code, where(rec))
	}
	p := f.register("Payroll", nil)
	claims := p.claims(p.tokens(cookie))
	if claims["acr"] != "https://refeds.org/profile/sfa" || claims["nl_factor_time"] != nil ||
		strings.Contains(strings.Join(words(claims["amr"]), " "), "mfa") {
		t.Errorf("a client is told %v", claims)
	}
	for name, change := range map[string]func(*application.Application){
		"sensitive": func(a *application.Application) { a.Sensitive = true },
		"two":       func(a *application.Application) { a.RequireTwoFactor = true },
		"aged":      func(a *application.Application) { a.MaxFactorAge = 12 * time.Hour },
		"plain":     func(*application.Application) {},
	} {
		f.guard(name, func(a *application.Application) { change(a); a.Roles = application.Roles() })
		client := f.register(name+" client", func(a *application.Application, _ *issuer.Registration) { change(a) })
		state := make([]byte, 32)
		admission, err := f.services.Doors.Admit(t.Context(), sess, name+".example", state, session.Client{})
		if err != nil || (admission.Ticket == "") != (name != "plain") {
			t.Errorf("%s: %v, %v", name, admission.Refusal, err)
		}
		rec := f.ask(http.MethodGet, client.authorize(), cookie, "")
		if in := said(rec).Get("code") != ""; in != (name == "plain") {
			t.Errorf("%s: a client gets a code: %v", name, in)
		}
	}
	in := f.enter(sess, "plain.example")
	answer, err := f.services.Doors.Check(t.Context(), in, "plain.example")
	header := http.Header{}
	answer.Headers.Set(header)
	if err != nil || !answer.In || header.Get("X-Nightlatch-Factor") != "" || header.Get("X-Nightlatch-Factor-Age") != "" {
		t.Errorf("an application is told %v (%v)", header, err)
	}
	f.Exec("update applications set sensitive = true where name = 'plain'")
	if answer, _ = f.services.Doors.Check(t.Context(), in, "plain.example"); answer.Refusal != application.SecondFactor {
		t.Errorf("one that has become sensitive lets it in: %q", answer.Refusal)
	}
}

func words(of any) (all []string) {
	list, _ := of.([]any)
	for _, w := range list {
		text, _ := w.(string)
		all = append(all, text)
	}
	return all
}

// enter lets a session into a host.
func (f *fixture) enter(sess session.Session, host string) session.Token {
	f.t.Helper()
	state := make([]byte, 32)
	admission, err := f.services.Doors.Admit(f.t.Context(), sess, host, state, session.Client{})
	if err != nil {
		f.t.Fatal(err)
	}
	token, _, err := f.services.Doors.Enter(f.t.Context(), admission.Ticket, host, state, session.Client{})
	if err != nil {
		f.t.Fatal(err)
	}
	return token
}

// The second step offers it where the office allows it and nowhere else, the user finds it in their settings, and ends
// it there.
func TestAUserTrustsABrowserOnPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	tr := f.truster("ann")
	logIn := func(cookie string) (to, in string) {
		rec := f.ask(http.MethodPost, paths.Login, cookie, form("office", "ACME", "username", "ann", "password", password,
			"n", string(session.NewToken())))
		in = cookieOf(t, rec)
		return where(f.ask(http.MethodGet, paths.Me, in, "")), in
	}
	prove := func(cookie string) (trust string) {
		f.Exec("update authenticators set last_step = 0")
		rec := f.ask(http.MethodPost, paths.LoginApp, cookie, form("code", appCode(t, trustKey, 0), "trust", "yes"))
		for _, c := range rec.Result().Cookies() {
			if strings.TrimPrefix(c.Name, "__Host-") == web.CookieTrust {
				trust = "__Host-" + web.CookieTrust + "=" + c.Value
			}
		}
		return trust
	}
	offered := func(cookie string) bool {
		return strings.Contains(f.ask(http.MethodGet, paths.LoginApp, cookie, "").Body.String(), `name="trust"`)
	}
	f.Exec("update offices set trusted_browser_days = null")
	_, pending := logIn("")
	if offered(pending) || prove(pending) != "" || f.Int("select count(*) from trusted_browsers") != 0 {
		t.Fatal("an office that allows no trust has it")
	}
	f.Exec("update offices set trusted_browser_days = 14")
	if _, pending = logIn(""); !offered(pending) {
		t.Fatal("the second step does not offer it")
	}
	kept := prove(pending)
	to, cookie := logIn(kept)
	if kept == "" || to != "" {
		t.Fatalf("with %q the log-in leads to %s", kept, to)
	}
	body := f.ask(http.MethodGet, paths.Me, cookie+"; "+kept, "").Body.String()
	if !strings.Contains(body, "Trusted browsers") || !strings.Contains(body, "this browser") {
		t.Error("their settings do not show it")
	}
	at := paths.To(paths.MyTrustedEnd, f.ID("select id from trusted_browsers"))
	if rec := f.ask(http.MethodPost, at, f.in("ACME/user"), "a=b"); rec.Code == http.StatusOK ||
		f.Int("select count(*) from trusted_browsers where ended_at is not null") != 0 {
		t.Error("somebody else ends it")
	}
	f.ask(http.MethodPost, at, cookie, "a=b")
	if to, _ := logIn(kept); to != paths.SecondStep {
		t.Errorf("ended, it leads to %s", to)
	}
	said := f.Text(`select string_agg(action, ' ' order by id) from audit_events where action like '%trust%'`)
	if said != "browser_trusted browser_trust_ended" || tr.user.ID == 0 {
		t.Error(said)
	}
}
