package rollout_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/session"
)

// letIn gives otto, who has an app, a session of the password alone, all that can be under way in it and all that it
// opened; and a browser that he trusts. It returns the session's token.
func (f *people) letIn() session.Token {
	f.t.Helper()
	otto, token := f.user("otto"), session.NewToken()
	f.Exec("update offices set trusted_browser_days = 30 where id = $1", f.office)
	factory.Authenticator(f.t, f.pool, otto, nil)
	id := factory.Session(f.t, f.pool, otto, factory.SessionOpts{TokenHash: token.Hash()}).ID
	factory.Challenge(f.t, f.pool, id, factory.ChallengeOpts{Purpose: "change"})
	for _, sql := range []string{
		`insert into enrolments (session_id, secret_ct, expires_at) values ($1, 'x', now() + interval '10 minutes')`,
		`insert into recovery_sheets (session_id, codes_ct, expires_at) values ($1, 'x', now() + interval '10 minutes')`,
		`insert into application_sessions (token_hash, application_id, session_id, host)
			select sha256('a'), id, $1, 'app.example' from applications`,
		`insert into oidc_grants (application_id, handle_hash, redirect_uri, state, nonce, scopes, code_challenge, prompt,
				acr_values, session_id, sid, code_hash, auth_time)
			select id, sha256('h'), 'https://app.example', '', '', '{openid}', '', '{}', '{}', $1, 's', sha256('c'), now()
			from applications`,
		`insert into oidc_tokens (grant_id, scopes, refresh_hash) select id, '{openid}', sha256('r') from oidc_grants
			where session_id = $1`,
	} {
		f.Exec(sql, id)
	}
	f.Exec(`insert into trusted_browsers (user_id, token_hash, password_version, role, user_agent, expires_at)
		select id, sha256('t'), password_version, role, 'browser', now() + interval '9 days' from users where id = $1`, otto)
	return token
}

// alive are the kinds of what was let in that are worth something.
func (f *people) alive(token session.Token) (kinds []string) {
	f.t.Helper()
	for _, kind := range []struct{ name, sql string }{
		{"session", "select count(*) from living_sessions where level = 1 and not demanded"},
		{"challenge", "select count(*) from challenges where ended_at is null"},
		{"enrolment", "select count(*) from enrolments"},
		{"recovery sheet", "select count(*) from recovery_sheets"},
		{"application session", "select count(*) from application_sessions"},
		{"refresh token", `select count(*) from oidc_tokens t join oidc_standings s on s.id = t.grant_id
			where t.refreshed_at is null and not s.demanded`},
		{"trusted browser", "select count(*) from standing_trusts"},
	} {
		query := kind.sql
		if kind.name == "session" {
			query += " and user_id = (select id from users where username = 'otto')"
		}
		if f.Int(query) > 0 {
			kinds = append(kinds, kind.name)
		}
	}
	sess, err := f.sessions.Load(f.t.Context(), token)
	if err != nil && !errors.Is(err, session.ErrNone) {
		f.t.Fatal(err)
	}
	if err == nil && !sess.Pending() {
		kinds = append(kinds, "page")
	}
	return kinds
}

func everything() []string {
	return []string{"session", "challenge", "enrolment", "recovery sheet", "application session", "refresh token",
		"trusted browser", "page"}
}

func newSwept(t *testing.T) (*people, session.Token) {
	f := newPeople(t)
	f.Exec(`insert into applications (name, kind, url, all_offices, roles)
		values ('Ledger', 'oidc', 'https://app.example', true, '{user}')`)
	f.Exec(`insert into oidc_clients (application_id, client_id, redirect_uris)
		select id, 'client-of-it', '{https://app.example}' from applications`)
	return f, f.letIn()
}

// What was let in before the switch is worth nothing after it, kind by kind; the question counts it before.
func TestTheSwitchSweepsWhatWasLetIn(t *testing.T) {
	t.Parallel()
	f, token := newSwept(t)
	if got := f.alive(token); !slices.Equal(got, everything()) {
		t.Fatalf("before: %v", got)
	}
	swept, err := f.Sweep(t.Context(), f.office)
	f.must(err)
	if swept.Sessions != 1 || swept.Trusted != 1 || swept.Applications != 2 {
		t.Errorf("the question counts %+v", swept)
	}
	f.must(f.offices.Activate(t.Context(), f.boss, client))
	if got := f.alive(token); len(got) != 0 {
		t.Errorf("after: %v", got)
	}
	swept, err = f.Sweep(t.Context(), f.office)
	f.must(err)
	if swept.Trusted != 0 || swept.Applications != 0 {
		t.Errorf("after, the question counts %+v", swept)
	}
}

// When a date comes, what a session was let in with is worth nothing from then on, and is gone with its first request.
func TestADateThatComesSweepsWhatWasLetIn(t *testing.T) {
	t.Parallel()
	f, token := newSwept(t)
	if got := f.alive(token); !slices.Equal(got, everything()) {
		t.Fatalf("before: %v", got)
	}
	f.Exec("update offices set demanded_from = now() where id = $1", f.office)
	if n := f.Int(`select (select count(*) from oidc_standings where not demanded)
		+ (select count(*) from living_sessions where level = 1 and not demanded)
		+ (select count(*) from standing_trusts)`); n != 0 {
		t.Error("something is let in before the first request")
	}
	if _, err := f.sessions.Load(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if got := f.alive(token); len(got) != 0 {
		t.Errorf("after: %v", got)
	}
}
