package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/access"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
)

// prepared is what a route's act needs before it can change anything; :id is the other user, :acme the office.
var prepared = map[string]string{
	paths.OfficeDrillEnd:   "insert into drills (office_id, ends_at) values (:acme, now() + interval '1 day')",
	paths.UserEnable:       "update users set disabled_at = now() where id = :id",
	paths.UserResetDecline: "insert into reset_requests (user_id, asked_by) values (:id, :id)",
	paths.UserNumberListed: "delete from mobile_numbers where user_id = :id",
	paths.UserNumber:       "delete from mobile_numbers where user_id = :id",
	paths.OfficeSwitchOff:  "update offices set two_factor_required = true where id = :acme",
	paths.OfficeSSORemove: `insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
		values (:acme, 'https://idp.invalid', 'c', 'x', 'refuse')`,
	paths.OfficeSSOTest: `insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
		values (:acme, 'https://idp.invalid', 'c', 'x', 'refuse')`,
	paths.OfficeDateRemove: `update offices set demanded_from = now() + interval '9 days', time_zone = 'UTC'
		where id = :acme`,
	paths.OfficeWaveRemove: `insert into office_waves (id, office_id, name, demanded_from) overriding system value
		values (9, :acme, 'Pilot', now() + interval '9 days')`,
	paths.OfficeBlackOutRemove: `insert into office_black_outs (office_id, day, name)
		values (:acme, '2026-12-31', 'Tax')`,
	paths.OfficeExemptEnd: `insert into exemptions (id, user_id, reason, until) overriding system value
		values (9, :id, 'no phone', now() + interval '9 days')`,
	paths.OfficePasskeyAsk:  passkeysOfSuperusers,
	paths.OfficeInvitations: "update offices set invitation_days = 3 where id = :acme",
	paths.UserHelp:          asksForHelp,
	paths.UserHelpRefuse:    asksForHelp,
	paths.UsersInvite:       "update users set password_hash = '', email = 'o@example.org' where id = :id",
	paths.OfficeRolloutRemind: `delete from mobile_numbers where user_id = :id;
		update users set email = 'o@example.org' where id = :id`,
	paths.OfficeRolloutInvite: "update users set password_hash = '', email = 'o@example.org' where id = :id",
	paths.UserInvite:          "update users set password_hash = '', email = 'o@example.org' where id = :id",
}

// asksForHelp has the other user ask, by a log-in that waits. Wrong words are counted.
const asksForHelp = `update offices set two_factor_required = true where id = :acme;
	update sessions set level = 1, second_factor_at = null where user_id = :id;
	insert into help_requests (session_id, user_id, words_mac, key_id, known_browser, told)
	select id, user_id, repeat('x', 32)::bytea, '\x00000000', false, false from sessions where user_id = :id limit 1`

// passkeysOfSuperusers gives each superuser of the office one.
const passkeysOfSuperusers = `insert into passkeys (user_id, credential_id, public_key, name, aaguid, transports,
	sign_count, backup_eligible, backed_up)
	select id, decode(md5(id::text), 'hex'), 'x', 'Desk', repeat('x', 16)::bytea, '{}', 0, false, false
	from users where office_id = :acme and role = 'superuser' on conflict do nothing`

// unwritten are the routes of superusers and accountants that write nothing: drafts, questions and previews.
var unwritten = []string{paths.OfficeGeneral, paths.OfficeSwitch, paths.UsersImport}

// demotion is a superuser (or accountant) who acts while another takes the role away.
type demotion struct {
	*accessFixture
	mail *invites
}

// prepare puts everything back, makes the session of a role, and returns how its act on a route is posted.
func (d *demotion) prepare(role, path string) (post func() *httptest.ResponseRecorder) {
	d.t.Helper()
	d.putBack()
	d.mail = &invites{}
	d.invite(d.mail)
	user := d.users["ACME/"+role]
	about := d.target
	if path == paths.OfficeApplication {
		about = d.app
	}
	replace := strings.NewReplacer(":id", fmt.Sprint(about), ":acme", fmt.Sprint(user.OfficeID))
	d.session(d.target, true)
	if sql, ok := prepared[path]; ok {
		d.Exec(replace.Replace(sql))
	}
	cookie, _ := d.session(user.ID, true)
	form := typed.Encode()
	switch path {
	case paths.OfficeSSO:
		form = url.Values{
			"issuer": {"https://idp.invalid"}, "client_id": {"c"}, "secret": {"s"}, "policy": {"refuse"},
		}.Encode()
	case paths.OfficeApplication:
		form = "role=superuser&off=yes"
	case paths.OfficeEvidence:
		form = "first=2026-01-01&last=2026-01-02&form=csv"
	case paths.OfficeExempt:
		form = "username=user&reason=no+phone&days=7"
	case paths.UsersInvite:
		form = fmt.Sprint("user=", about)
	case paths.OfficePasskeyAsk:
		form = "superusers=yes"
	case paths.OfficeWaveRemove:
		form = "wave=9"
	case paths.OfficeBlackOutRemove:
		form = "day=2026-12-31"
	case paths.OfficeBlackOutImport:
		file := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200501\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR"
		return func() *httptest.ResponseRecorder { return d.upload(path, cookie, file) }
	case paths.OfficeRolloutRemind, paths.OfficeRolloutInvite, paths.OfficeRolloutExport:
		form = "all=yes"
	case paths.OfficeExemptEnd:
		form = "exemption=9"
	case paths.OfficeCountries:
		form = "country=ZW&allowed=yes"
	case paths.UsersImportDo:
		lines := "username,name,email\nzoe,Zoe Typed,zoe@example.org"
		doc, err := goquery.NewDocumentFromReader(d.upload(paths.UsersImport, cookie, lines).Body)
		if err != nil {
			d.t.Fatal(err)
		}
		shown := func(name string) string { return doc.Find("input[name="+name+"]").AttrOr("value", "") }
		return func() *httptest.ResponseRecorder {
			return d.upload(path, cookie, "", "lines", shown("lines"), "digest", shown("digest"))
		}
	}
	if strings.HasPrefix(path, paths.UsersImport) {
		return func() *httptest.ResponseRecorder { return d.post(path, cookie) }
	}
	return func() *httptest.ResponseRecorder {
		return d.ask(http.MethodPost, replace.Replace(path), cookie, form)
	}
}

// state is all that an act may change, the acting user's role apart.
func (d *demotion) state() string {
	return d.Text("select md5(string_agg((to_jsonb(u) - 'role')::text, ',' order by u.id)) from users u") +
		d.Text("select string_agg(id || '-' || ended_at::text, ',' order by id) from sessions") +
		d.sum("offices", "office_countries", "mobile_numbers", "authenticators", "recovery_codes", "sso_providers",
			"sso_flows", "reset_requests", "help_requests", "exemptions", "office_waves", "office_black_outs",
			"office_applications",
			"audit_events", "held_forms", "notices") +
		fmt.Sprint(len(d.mail.ids))
}

// Whoever loses the role while the act waits for its turn does nothing: every route that a superuser may post and an
// accountant may not, or an accountant and not a user.
func TestWhoIsDemotedWhileTheActWaitsChangesNothing(t *testing.T) {
	t.Parallel()
	rows, err := access.Table()
	if err != nil {
		t.Fatal(err)
	}
	d, tried := &demotion{accessFixture: newStepUpFixture(t)}, 0
	factory.User(t, d.pool, d.users["ACME/user"].OfficeID, factory.UserOpts{Username: "vice", Role: "superuser"})
	d.app = d.guard("Ledger", func(*application.Application) {})
	d.Exec("drop schema kept cascade")
	d.tables, d.empty = nil, nil
	d.keep()
	for _, row := range rows {
		role, next := "superuser", "accountant"
		if row.Outcome["accountant"] == "ok" && row.Outcome["user"] == "403" {
			role, next = "accountant", "user"
		}
		if row.Method != http.MethodPost || row.Outcome[role] != "ok" || row.Outcome[next] != "403" {
			continue
		}
		tried++
		post := d.prepare(role, row.Path)
		before := d.state()
		rec := post()
		if writes := d.state() != before; writes == slices.Contains(unwritten, row.Path) {
			t.Errorf("POST %s undisturbed answers %d %s, and writes: %v", row.Path, rec.Code, where(rec), writes)
			continue
		}
		post = d.prepare(role, row.Path)
		before = d.state()
		rec = d.demoteDuring(role, next, post)
		if slices.Contains(unwritten, row.Path) {
			continue
		}
		if d.state() != before {
			t.Errorf("POST %s by somebody who was demoted meanwhile changed something (%d %s)", row.Path, rec.Code,
				where(rec))
		}
		if rec.Code != http.StatusForbidden {
			t.Errorf("POST %s by somebody who was demoted meanwhile answers %d %s", row.Path, rec.Code, where(rec))
		}
	}
	if tried < 18 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// demoteDuring takes the role away in a transaction that commits when the act waits for its lock, or has ended.
func (d *demotion) demoteDuring(role, next string, post func() *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	d.t.Helper()
	ctx := context.Background()
	tx, err := d.pool.Begin(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	user := d.users["ACME/"+role]
	for _, sql := range []string{
		fmt.Sprintf("select id from offices where id = %d for no key update", user.OfficeID),
		fmt.Sprintf("update users set role = '%s' where id = %d", next, user.ID),
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			d.t.Fatalf("%s: %v", sql, err)
		}
	}
	done := make(chan *httptest.ResponseRecorder, 1)
	go func() { done <- post() }()
	for range 100 {
		if len(done) > 0 || d.ID(`select count(*) from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock'`) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := tx.Commit(ctx); err != nil {
		d.t.Fatal(err)
	}
	return <-done
}
