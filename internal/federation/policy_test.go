package federation

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/federation/federationtest"
	"github.com/nightlatch/nightlatch/internal/session"
)

func TestWhatCountsAsAProvidersSecondFactor(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	just, old, ahead := now.Add(-9*time.Minute), now.Add(-11*time.Minute), now.Add(2*time.Minute)
	for _, c := range []struct {
		claims claims
		want   string
	}{
		{claims{AMR: []string{"pwd", "mfa"}, AuthTime: just}, ""},
		{claims{AMR: []string{"otp"}, AuthTime: just}, ""},
		{claims{AMR: []string{"hwk", "user"}, AuthTime: just}, ""},
		{claims{AuthTime: just}, "second_factor"},
		{claims{AMR: []string{"pwd"}, AuthTime: just}, "second_factor"},
		{claims{AMR: []string{"pwd", "pin", "kba", "user", "geo", "rba", "wia"}, AuthTime: just}, "second_factor"},
		{claims{AMR: []string{"MFA", "multifactor", "mfa "}, AuthTime: just}, "second_factor"},
		{claims{ACR: "mfa", AuthTime: just}, "second_factor"},
		{claims{ACR: "urn:office:two", AuthTime: just}, ""},
		{claims{ACR: "urn:office:two"}, "auth_time"},
		{claims{AMR: []string{"mfa"}}, "auth_time"},
		{claims{AMR: []string{"mfa"}, AuthTime: old}, "auth_time"},
		{claims{AMR: []string{"mfa"}, AuthTime: ahead}, "auth_time"},
	} {
		if got := c.claims.lacks([]string{"urn:office:two"}, now); got != c.want {
			t.Errorf("%+v lacks %q, not %q", c.claims, got, c.want)
		}
	}
	if (claims{AuthTime: just}).lacks([]string{""}, now) == "" {
		t.Error("no acr passes for an empty one")
	}
}

// refusedOnly fails the test unless the answer is a refusal that left an audit event and nothing else.
func (f *fixture) refusedOnly(a Arrival, err error, why string, links int64) {
	f.t.Helper()
	var refused *Refused
	if !errors.As(err, &refused) || refused.Why != why || a != (Arrival{}) {
		f.t.Errorf("arrived as %+v, %v", a, err)
	}
	f.nothing(links)
	if n := f.ID("select count(*) from audit_events where action = 'sso_refused'"); n != 1 {
		f.t.Errorf("%d audit events", n)
	}
}

// B36: under the default policy nothing is left but an audit event, whoever comes and whenever the switch was flipped.
func TestAnOfficeWithTwoFactorsRefuses(t *testing.T) {
	t.Parallel()
	for name, linked := range map[string]bool{"linked": true, "unlinked": false} {
		for flip, while := range map[string]bool{"before": false, "while at the provider": true} {
			t.Run(name+", switched "+flip, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				links := int64(0)
				if linked {
					f.link()
					links = 1
				}
				f.demand(!while)
				browser, said := f.leave()
				f.demand(true)
				a, err := f.comeBack(browser, said)
				f.refusedOnly(a, err, "", links)
				list, err := f.sso.Refusals(f.ctx, f.signedIn("ACME/boss"))
				if err != nil || len(list) != 1 || list[0].Who != "jane" || list[0].Linked != linked ||
					list[0].Address != "192.0.2.7" {
					t.Errorf("the superuser sees %+v, %v", list, err)
				}
				if other, err := f.sso.Refusals(f.ctx, f.signedIn("OTHER/boss")); err != nil || len(other) != 0 {
					t.Errorf("another office's superuser sees %+v, %v", other, err)
				}
			})
		}
	}
}

func TestTrustTakesAFreshSecondFactorAlone(t *testing.T) {
	t.Parallel()
	for why, change := range map[string]func(map[string]any){
		"second_factor": func(c map[string]any) { c["auth_time"] = time.Now().Unix() },
		"auth_time":     func(c map[string]any) { c["amr"] = []string{"mfa"} },
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.link()
			f.provide("ACME", Trust)
			f.demand(true)
			f.idp.Change = change
			a, err := f.roundTrip()
			f.refusedOnly(a, err, why, 1)
		})
	}
	f := newFixture(t)
	f.link()
	f.provide("ACME", Trust)
	f.demand(true)
	browser, _ := f.sso.Begin(f.ctx, "ACME", "", session.Client{})
	onward, err := f.sso.Onward(f.ctx, browser)
	if u, _ := url.Parse(onward.URL); err != nil || u.Query().Get("max_age") != "600" {
		t.Errorf("a fresh log-in is not asked for: %s, %v", onward.URL, err)
	}
	f.idp.Change = func(c map[string]any) { c["amr"], c["auth_time"] = []string{"pwd", "otp"}, time.Now().Unix() }
	a, err := f.roundTrip()
	if err != nil {
		t.Fatal(err)
	}
	sess, err := f.sessions.Load(f.ctx, a.Session)
	if err != nil || sess.Pending() || sess.Level != 2 || sess.User.Username != "jane" {
		t.Fatalf("the session is %+v, %v", sess, err)
	}
	// A text is a list of one, as some providers send it.
	f.idp.Change = func(c map[string]any) { c["amr"], c["auth_time"] = "mfa", time.Now().Unix() }
	if one, err := f.roundTrip(); err != nil || one.Session == "" {
		t.Errorf("an amr that is a text: %v", err)
	}
	// It is in, and what needs a fresh proof of ours still needs one.
	if sess.FreshFactor() || sess.FreshPassword() {
		t.Error("a provider's word counts as a fresh proof")
	}
	// What the policy says counts at the next request, not only at the log-in.
	f.provide("ACME", Ask)
	if sess, err = f.sessions.Load(f.ctx, a.Session); err != nil || !sess.Pending() {
		t.Errorf("after a change to ask: %+v, %v", sess, err)
	}
	f.provide("ACME", Refuse)
	if _, err = f.sessions.Load(f.ctx, a.Session); !errors.Is(err, session.ErrNone) {
		t.Errorf("after a change to refuse: %v", err)
	}
}

func TestAskMakesAPendingLogIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	f.provide("ACME", Ask)
	f.demand(true)
	a, err := f.roundTrip()
	if err != nil {
		t.Fatal(err)
	}
	sess, err := f.sessions.Load(f.ctx, a.Session)
	if err != nil || !sess.Pending() || len(sess.Methods) != 1 || sess.Methods[0] != "sso" || sess.FreshPassword() {
		t.Errorf("the session is %+v, %v", sess, err)
	}
}

func TestASessionOfSingleSignOnEndsWhenTheSwitchIsTurned(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	a, err := f.roundTrip()
	if err != nil {
		t.Fatal(err)
	}
	if sess, err := f.sessions.Load(f.ctx, a.Session); err != nil || sess.Level != 1 || sess.Methods[0] != "sso" {
		t.Fatalf("the session is %+v, %v", sess, err)
	}
	p, err := f.offices.Preflight(f.ctx, f.users["ACME/boss"].OfficeID)
	if err != nil || p.SSO != 1 || p.SSOPolicy != "refuse" {
		t.Errorf("the question counts %d under %q, %v", p.SSO, p.SSOPolicy, err)
	}
	f.demand(true)
	if _, err := f.sessions.Load(f.ctx, a.Session); !errors.Is(err, session.ErrNone) {
		t.Errorf("refused from now on, and still there: %v", err)
	}
}

func TestTheFirstLogInLinks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, err := f.roundTrip()
	if err != nil || a.Link == "" || a.Session != "" {
		t.Fatalf("arrived as %+v, %v", a, err)
	}
	if waiting, err := f.sso.Waiting(f.ctx, a.Link); err != nil || waiting.OfficeCode != "ACME" ||
		waiting.Label != "jane" {
		t.Errorf("waiting is %+v, %v", waiting, err)
	}
	if _, _, err := f.sso.Link(f.ctx, a.Link, f.users["OTHER/jane"], "en", session.Client{}); !errors.Is(err, ErrFlow) {
		t.Errorf("another office's user: %v", err)
	}
	if _, _, err := f.sso.Link(f.ctx, session.NewToken(), f.users["ACME/jane"], "en", session.Client{}); !errors.Is(err,
		ErrFlow) {
		t.Errorf("another browser: %v", err)
	}
	w2 := f.ID("select count(*) from sso_identities")
	token, made, err := f.sso.Link(f.ctx, a.Link, f.users["ACME/jane"], "en", session.Client{})
	if err != nil || !made || w2 != 0 {
		t.Fatalf("link: %v, %v, %d before", made, err, w2)
	}
	if sess, err := f.sessions.Load(f.ctx, token); err != nil || sess.User.Username != "jane" {
		t.Errorf("the session is %+v, %v", sess, err)
	}
	// From then on the provider is enough; the link's own token is spent.
	if a, err := f.roundTrip(); err != nil || a.Session == "" {
		t.Errorf("the next time: %+v, %v", a, err)
	}
	if _, _, err := f.sso.Link(f.ctx, a.Link, f.users["ACME/jane"], "en", session.Client{}); !errors.Is(err, ErrFlow) {
		t.Errorf("the same link again: %v", err)
	}
	// Nobody else takes the account over, and jane has one.
	f.idp.Change = func(c map[string]any) { c["sub"] = "subject-2" }
	if a, err = f.roundTrip(); err != nil || a.Link == "" {
		t.Fatal(a, err)
	}
	if _, _, err := f.sso.Link(f.ctx, a.Link, f.users["ACME/jane"], "en", session.Client{}); !errors.Is(err, ErrLinked) {
		t.Errorf("a second account: %v", err)
	}
}

// The password was proven before it was replaced, and the link comes after: neither a link nor a session is made.
func TestAnOldPasswordUnderWayLinksNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a, err := f.roundTrip()
	if err != nil || a.Link == "" {
		t.Fatalf("%+v, %v", a, err)
	}
	jane := f.users["ACME/jane"]
	f.Exec("update users set password_hash = 'new' where id = $1", jane.ID)
	if _, _, err := f.sso.Link(f.ctx, a.Link, jane, "en", session.Client{}); !errors.Is(err, account.ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if n := f.ID("select count(*) from sso_identities"); n != 0 || f.begun() != 0 {
		t.Errorf("%d links and %d sessions were made", n, f.begun())
	}
	jane.PasswordVersion++
	if _, made, err := f.sso.Link(f.ctx, a.Link, jane, "en", session.Client{}); err != nil || !made {
		t.Errorf("the new password: %v, %v", made, err)
	}
}

// letters is a post that keeps what it is given.
type letters struct{ kinds []string }

func (*letters) CanMail() bool { return true }

func (l *letters) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	l.kinds = append(l.kinds, m.Kind)
	return nil
}

// A link to the provider's account is a way in, made or taken away: its user is told on screen and by mail.
func TestALinkToAProviderIsToldWhenItComesAndGoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	post := &letters{}
	f.sso.ways = account.NewWays(post, f.sessions, factory.AuditLog())
	a, err := f.roundTrip()
	if err != nil {
		t.Fatal(err)
	}
	jane := f.users["ACME/jane"]
	token, made, err := f.sso.Link(f.ctx, a.Link, jane, "en", session.Client{Address: "192.0.2.7"})
	if err != nil || !made {
		t.Fatal(made, err)
	}
	sess, err := f.sessions.Load(f.ctx, token)
	if err == nil {
		err = f.sso.Unlink(f.ctx, sess, session.Client{Address: "192.0.2.7"})
	}
	if err != nil {
		t.Fatal(err)
	}
	if told := f.Text("select string_agg(kind, ' ' order by id) from notices where user_id = $1", jane.ID); told !=
		"sso_linked sso_unlinked" || !slices.Equal(post.kinds, []string{"sso_linked", "sso_unlinked"}) {
		t.Errorf("told are %s, mailed %v", told, post.kinds)
	}
}

func TestADisabledUserIsAsUnknownAsNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	f.Exec("update users set disabled_at = now() where username = 'jane'")
	a, err := f.roundTrip()
	if err != nil || a.Session != "" || a.Link == "" {
		t.Errorf("arrived as %+v, %v", a, err)
	}
	if n := f.begun(); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// Who has stolen a password must not add a way in of their own that skips the second factor.
func TestAPasswordAloneLinksNobodyWhereTwoFactorsAreDemanded(t *testing.T) {
	t.Parallel()
	for _, policy := range []Policy{Ask, Trust, Refuse} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.idp.Change = func(c map[string]any) { c["amr"], c["auth_time"] = []string{"mfa"}, time.Now().Unix() }
			f.provide("ACME", policy)
			f.demand(policy != Refuse)
			a, err := f.roundTrip()
			if err != nil || a.Link == "" {
				t.Fatal(a, err)
			}
			f.demand(true) // under refuse: while the user types the password
			token, made, err := f.sso.Link(f.ctx, a.Link, f.users["ACME/jane"], "en", session.Client{Address: "192.0.2.7"})
			if policy == Refuse {
				f.refusedOnly(Arrival{Session: token}, err, "", 0)
				return
			}
			if err != nil || made || f.ID("select count(*) from sso_identities") != 0 {
				t.Fatalf("linked: %v, %v", made, err)
			}
			sess, err := f.sessions.Load(f.ctx, token)
			if err != nil || !sess.Pending() {
				t.Fatalf("the session is %+v, %v", sess, err)
			}
			if err := f.sso.LinkMine(f.ctx, a.Link, sess, session.Client{}); !errors.Is(err, fault.StepUpRequired) {
				t.Errorf("the half-finished log-in links: %v", err)
			}
			if err := f.sso.LinkMine(f.ctx, a.Link, f.signedIn("ACME/boss"), session.Client{}); !errors.Is(err, ErrFlow) {
				t.Errorf("somebody else takes the link: %v", err)
			}
			if err := f.sso.LinkMine(f.ctx, a.Link, f.signedIn("ACME/jane"), session.Client{}); err != nil ||
				f.ID("select count(*) from sso_identities") != 1 {
				t.Errorf("once in: %v", err)
			}
		})
	}
}

func TestAnUnknownOfficeAndOneWithoutAProviderAreAlike(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.sso.Remove(f.ctx, f.signedIn("OTHER/boss"), session.Client{}); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"NOBODY", "OTHER", "", "\x00", "acme'"} {
		if _, err := f.sso.Begin(f.ctx, code, "", session.Client{}); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", code, err)
		}
	}
	if _, err := f.sso.Begin(f.ctx, " acme ", "", session.Client{}); err != nil {
		t.Errorf("as typed: %v", err)
	}
}

func TestWhoMayChangeHowAnOfficeSignsIn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	set := Settings{Issuer: f.idp.URL, ClientID: "other", Policy: Trust}
	jane, boss := f.signedIn("ACME/jane"), f.signedIn("ACME/boss")
	accountant := jane
	accountant.User.Role = account.RoleAccountant
	stale := boss
	stale.PasswordAt, stale.SecondFactorAt = time.Unix(0, 0), time.Unix(0, 0)
	onlyPassword := boss
	onlyPassword.TwoFactorRequired, onlyPassword.SecondFactorAt = true, time.Time{}
	for want, sessions := range map[error][]session.Session{ErrNotAllowed: {jane, accountant},
		fault.StepUpRequired: {stale, onlyPassword}} {
		for _, sess := range sessions {
			if err := f.sso.Save(f.ctx, sess, set, "s", session.Client{}); !errors.Is(err, want) {
				t.Errorf("save: %v", err)
			}
			if err := f.sso.Remove(f.ctx, sess, session.Client{}); !errors.Is(err, want) {
				t.Errorf("remove: %v", err)
			}
		}
	}
	for _, sess := range []session.Session{jane, accountant} {
		_, err := f.sso.Settings(f.ctx, sess)
		_, err2 := f.sso.Refusals(f.ctx, sess)
		_, _, err3 := f.sso.BeginTest(f.ctx, sess)
		if !errors.Is(err, ErrNotAllowed) || !errors.Is(err2, ErrNotAllowed) || !errors.Is(err3, ErrNotAllowed) {
			t.Errorf("looks at it: %v, %v, %v", err, err2, err3)
		}
	}
	if n := f.ID("select count(*) from sso_providers where client_id = 'nightlatch' and policy = 'refuse'"); n != 2 {
		t.Error("something changed")
	}
}

func TestWhatCannotBeSaved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.signedIn("ACME/boss")
	good := Settings{Issuer: f.idp.URL, ClientID: federationtest.ClientID, Policy: Refuse}
	for key, change := range map[string]func(*Settings){
		"issuer":       func(s *Settings) { s.Issuer = "http://idp.example" },
		"issuer_plain": func(s *Settings) { s.Issuer += "?x=1" },
		"client_id":    func(s *Settings) { s.ClientID = "a\nb" },
		"policy":       func(s *Settings) { s.Policy = "all" },
		"acr":          func(s *Settings) { s.ACRValues = make([]string, 11) },
		"secret_again": func(s *Settings) { s.Issuer = "https://evil.example" },
	} {
		s := good
		change(&s)
		var problem *Problem
		if err := f.sso.Save(f.ctx, boss, s, "", session.Client{}); !errors.As(err, &problem) || problem.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, issuer := range []string{"", "javascript:alert(1)", "file:///etc/passwd", "https://",
		"https://a:b@idp.example", "http://127.0.0.1.evil.example", "//idp.example", "ftp://localhost"} {
		s := good
		s.Issuer = issuer
		if err := f.sso.Save(f.ctx, boss, s, "s", session.Client{}); err == nil {
			t.Errorf("%q is saved", issuer)
		}
	}
	// Off loopback plain http is refused on loopback too: it is somebody's neighbour there.
	f.sso.public = &url.URL{Scheme: "https", Host: "login.acme.example"}
	if err := f.sso.Save(f.ctx, boss, good, "s", session.Client{}); err == nil {
		t.Error("plain http is saved on a public installation")
	}
	// The secret is kept sealed, and by an office of its own.
	sealed := dbtest.One[[]byte](t, f.pool, "select secret_ct from sso_providers where office_id = $1", boss.User.OfficeID)
	if plain, err := f.sso.keys.Open(purposeSecret, row(boss.User.OfficeID), sealed); err != nil ||
		string(plain) != federationtest.Secret {
		t.Errorf("the secret does not open: %v", err)
	}
	if _, err := f.sso.keys.Open(purposeSecret, row(f.users["OTHER/boss"].OfficeID), sealed); err == nil {
		t.Error("the secret opens in another office")
	}
	if strings.Contains(string(sealed), federationtest.Secret) {
		t.Error("the secret is stored in clear")
	}
}

func TestTwentySessionsOfSingleSignOnLiveAndTwentyArePending(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.link()
	signIn := func(n int) {
		t.Helper()
		for range n {
			f.Exec("update sessions set created_at = created_at - interval '1 minute'") // what one minute takes is limited
			if _, err := f.roundTrip(); err != nil {
				t.Fatal(err)
			}
		}
	}
	living := func() int64 {
		return f.ID("select count(*) from living_sessions where address <> $1", ours)
	}
	signIn(40)
	if n := living(); n != session.MaxLiving {
		t.Errorf("after forty sign-ins %d sessions live", n)
	}
	f.Exec("delete from sessions where address <> $1", ours)
	f.provide("ACME", Ask)
	f.demand(true)
	signIn(40)
	if n := living(); n != session.MaxLiving {
		t.Errorf("after forty that have a second factor to prove %d are pending", n)
	}
	// The two are counted apart: who is in by both factors displaces the like.
	f.Exec("update sessions set address = 'older' where address <> $1", ours)
	f.provide("ACME", Trust)
	f.idp.Change = func(claims map[string]any) {
		claims["amr"], claims["auth_time"] = []string{"pwd", "otp"}, time.Now().Unix()
	}
	signIn(2)
	if n := f.ID("select count(*) from living_sessions where address = 'older'"); n != session.MaxLiving {
		t.Errorf("two sessions of two factors left %d of the pending ones", n)
	}
}

// Sign-ins that an office's known browsers begin, and tests of its superuser, are counted by that office: however many,
// they keep nobody of another office out.
func TestAnOfficesSignInsKeepNoOtherOfficeOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for function, n := range map[string]int{
		"max_known_sso_flows()": 5, "max_forms_of_strangers()": 60, "max_sso_flows(wide boolean, own boolean)": 20,
	} {
		f.Exec(fmt.Sprintf(`create or replace function %s returns integer language sql immutable parallel safe
			return %d`, function, n))
	}
	insider := session.Client{Address: "198.51.100.9", Browser: []byte("an insider's")}
	factory.KnownBrowser(t, f.pool, f.users["OTHER/jane"].ID, string(insider.Browser))
	for range 70 {
		if _, err := f.sso.Begin(f.ctx, "OTHER", "", insider); err != nil && !errors.Is(err, ErrTooMany) {
			t.Fatal(err)
		}
		if _, _, err := f.sso.BeginTest(f.ctx, f.signedIn("OTHER/boss")); err != nil {
			t.Fatal(err)
		}
	}
	if known, all := f.ID("select count(*) from sso_flows where known"),
		f.ID("select count(*) from sso_flows"); known != 5 || all > 5+20 {
		t.Errorf("%d rows, %d of known browsers", all, known)
	}
	for range 3 {
		if _, err := f.sso.Begin(f.ctx, "ACME", "", session.Client{Address: "203.0.113.7"}); err != nil {
			t.Errorf("a new browser at another office: %v", err)
		}
	}
}

// Whoever has an account at the provider and is nobody here comes again and again: the history has one line a minute of
// them, and one each time of a user.
func TestRefusalsOfNobodyAreWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	for linked, want := range map[bool]int64{false: 2, true: 4} {
		f := newFixture(t)
		if linked {
			f.link()
		}
		f.demand(true)
		for i := range 4 {
			var refused *Refused
			if _, err := f.roundTrip(); !errors.As(err, &refused) {
				t.Fatal(err)
			}
			if i == 2 {
				f.Exec(`alter table audit_events disable trigger user;
					update audit_events set at = at - interval '61 seconds'; alter table audit_events enable trigger user`)
			}
		}
		if n := f.ID("select count(*) from audit_events where action = 'sso_refused'"); n != want {
			t.Errorf("linked %v: four refusals are %d lines, want %d", linked, n, want)
		}
	}
}
