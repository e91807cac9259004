package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

const askedForPasskeys = `insert into office_passkeys (office_id, alone, superusers)
	select id, false, true from offices`

// givePasskey gives a user a passkey that nobody can prove.
func (f *fixture) givePasskey(userID int64) {
	f.Exec(`insert into passkeys (user_id, credential_id, public_key, name, aaguid, transports, sign_count,
		backup_eligible, backed_up)
		values ($1::bigint, decode(md5($1::bigint::text), 'hex'), 'x', 'Desk', repeat('x', 16)::bytea,
		'{}', 0, false, false)`, userID)
}

// Whoever has no passkey cannot ask others for one, and whoever has does so with a fresh factor; the history says so.
func TestWhoAsksSuperusersForAPasskeyHasOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update offices set two_factor_required = true")
	f.numbers(factory.NumberOpts{})
	boss, user := f.full("ACME/superuser"), f.users["ACME/superuser"]
	asked := 0
	ask := func() (int, string) {
		asked++ // the same form again would have the same answer
		rec := f.ask("POST", paths.OfficePasskeyAsk, boss, fmt.Sprint("superusers=yes&asked=", asked))
		return rec.Code, where(rec) + rec.Body.String()
	}
	refused := func(why string) {
		t.Helper()
		if code, body := ask(); code != http.StatusUnprocessableEntity || !strings.Contains(body, "You have no passkey") ||
			!strings.Contains(body, `href="`+paths.MyPasskeyNew+`"`) || f.Int("select count(*) from office_passkeys") != 0 {
			t.Errorf("%s: %d %s", why, code, body)
		}
	}
	refused("none")
	f.givePasskey(user.ID)
	f.Exec("update passkeys set copied_at = now()")
	refused("one that may have been copied")
	f.Exec("update passkeys set copied_at = null")
	for range 2 { // the second changes nothing
		if code, to := ask(); code != http.StatusSeeOther || !strings.HasPrefix(to, paths.OfficeTwoFactor) {
			t.Fatalf("with a passkey: %d %s", code, to)
		}
	}
	body := f.ask("GET", paths.OfficeTwoFactor, boss, "").Body.String()
	if !strings.Contains(body, "A passkey for every superuser") || strings.Contains(body, "has none yet") {
		t.Errorf("the page says: %s", body)
	}
	f.ask("POST", paths.OfficePasskeyAsk, boss, "superusers=no")
	set := f.Text("select string_agg(detail, ' ' order by id) from audit_events where action = 'passkeys_demanded'")
	if set != "on off" {
		t.Errorf("the history says %q", set)
	}
}

// A superuser who owes a passkey reaches, of all that the router knows, what makes one and no more.
func TestASuperuserWhoOwesAPasskeyReachesWhatMakesOne(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	open := []string{
		paths.MyPasskeyNew, paths.MyWord, paths.RecoveryCodes, paths.RecoveryFile, paths.RecoveryKept, paths.Notices,
		paths.Password, paths.PasswordStrength, paths.StepUpMessage,
	}
	f := newAccessFixture(t)
	f.Exec(askedForPasskeys)
	f.Exec("drop schema kept cascade")
	f.tables, f.empty = nil, nil
	f.keep()
	asked, reached := 0, 0
	for _, route := range f.site.Routes() {
		method, posted := route.Method, everything
		if method == echo.RouteNotFound {
			continue
		}
		row, ok := rowOf(rows, method, route.Path)
		if !ok || never(method) || !strings.HasPrefix(route.Path, paths.Settings) &&
			!slices.Contains([]string{paths.Applications, paths.DoorVisit}, route.Path) {
			continue
		}
		if method == http.MethodGet {
			posted = ""
		}
		asked++
		f.putBack()
		cookie, own := f.visit("superuser")
		path := f.fill(route.Path, "superuser", own)
		before := f.untouched("superuser")
		rec := f.ask(method, path, cookie, posted)
		makesCodes := route.Path == paths.RecoveryCodes && method == http.MethodPost
		if !makesCodes && slices.Contains(open, route.Path) || strings.HasPrefix(route.Path, paths.StepUp) {
			if reached++; where(rec) == paths.MyPasskeyNew && row.Outcome["superuser"] == "ok" {
				t.Errorf("%s %s is closed", method, route.Path)
			}
			continue
		}
		if where(rec) != paths.MyPasskeyNew || f.untouched("superuser") != before {
			t.Errorf("%s %s: %d %s", method, route.Path, rec.Code, where(rec))
		}
	}
	if asked < 80 || reached < 10 {
		t.Errorf("%d routes, of them %d open", asked, reached)
	}
	f.putBack()
	cookie, _ := f.visit("superuser")
	page := f.ask("GET", paths.MyPasskeyNew, cookie, "").Body.String()
	for _, says := range []string{"asks every superuser for a passkey", "Switch JavaScript on", `action="/logout"`} {
		if !strings.Contains(page, says) {
			t.Errorf("the page does not say %q: %s", says, page)
		}
	}
}

// A passkey is owed by superusers of whom two factors are demanded, who proved the second here, and can make one.
func TestWhoOwesAPasskey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	load := func(token session.Token) session.Session {
		sess, err := f.services.Sessions.Load(context.Background(), token)
		if err != nil {
			t.Fatal(err)
		}
		return sess
	}
	for name, c := range map[string]struct {
		who  string
		sql  string
		owes bool
	}{
		"a superuser":                  {who: "superuser", owes: true},
		"whose passkey may be copied":  {who: "superuser", sql: "update passkeys set copied_at = now()", owes: true},
		"who is remembered":            {who: "superuser", sql: remembered, owes: true},
		"an accountant":                {who: "accountant"},
		"with a passkey":               {who: "superuser", sql: "select 1"},
		"where none is asked for":      {who: "superuser", sql: "update office_passkeys set superusers = false"},
		"where one factor is enough":   {who: "superuser", sql: "update offices set two_factor_required = false"},
		"before the second step":       {who: "superuser", sql: pending},
		"with a day pass":              {who: "superuser", sql: dayPass},
		"who cools off":                {who: "superuser", sql: "update users set factor_changed_at = now()"},
		"whose provider has the other": {who: "superuser", sql: factorElsewhere},
	} {
		f.Exec("delete from sessions; delete from passkeys; delete from office_passkeys; delete from office_rescue;" +
			" delete from sso_providers")
		f.Exec("update offices set two_factor_required = true; update users set factor_changed_at = null")
		f.Exec(askedForPasskeys + ` ;
			insert into office_rescue (office_id, cooling_hours, two_approvers) select id, 24, false from offices`)
		user, token := f.users["ACME/"+c.who], session.NewToken()
		factory.Session(t, f.pool, user.ID, factory.SessionOpts{TokenHash: token.Hash(), Factors: []string{"sms"}})
		if strings.Contains(c.sql, "passkeys set copied") || c.sql == "select 1" {
			f.givePasskey(user.ID)
		}
		if c.sql != "" && c.sql != "select 1" {
			f.Exec(c.sql)
		}
		if sess := load(token); sess.PasskeyOwed != c.owes {
			t.Errorf("%s: owed is %v", name, sess.PasskeyOwed)
		}
	}
	// An address that can have no passkeys asks nobody for one, and offers none.
	f.Exec("delete from sessions; delete from passkeys; update office_passkeys set superusers = true")
	services := f.services
	services.Factors = f.withoutPasskeys()
	f.site = f.rebuild(services)
	f.numbers(factory.NumberOpts{})
	rec := f.ask("GET", paths.OfficeTwoFactor, f.full("ACME/superuser"), "")
	if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "passkey") {
		t.Errorf("where there are no passkeys: %d %s %s", rec.Code, where(rec), rec.Body)
	}
}

const factorElsewhere = `insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
	select id, 'https://idp.invalid', 'c', 'x', 'trust' from offices;
	update sessions set methods = '{sso,sso_mfa}'`

const remembered = "update sessions set second_factor_at = null, methods = '{pwd,trusted_browser}'"

const pending = "update sessions set level = 1, methods = '{password}', second_factor_at = null"

const dayPass = `update sessions set level = 1, methods = '{password}', second_factor_at = null,
	pass_until = now() + interval '1 hour'`

func (f *fixture) withoutPasskeys() *twofactor.Service {
	log, sessions := factory.AuditLog(), f.services.Sessions
	return twofactor.New(f.pool, f.ring, sessions, factory.Outbox{}, account.NewWays(account.NoMail{}, sessions, log), log,
		nil, "Nightlatch")
}
