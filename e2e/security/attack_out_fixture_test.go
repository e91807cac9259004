package security

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/mail/mailtest"
)

// arena is one node for many attacks at once: each has an office and addresses of its own, as its code says.
type arena struct {
	*program.Installation
	at   string
	post *mailtest.Server
}

func newArena(t *testing.T) *arena {
	t.Helper()
	in := program.Install(t)
	post := mailtest.NewServer(t, mailtest.Config{})
	in.Env["NIGHTLATCH_ADDR"], in.Env["NIGHTLATCH_TRUSTED_PROXIES"] = "127.0.0.1:0", "127.0.0.1"
	in.Env["SMTP_URL"], in.Env["MAIL_FROM"] = fmt.Sprintf("smtp://127.0.0.1:%d", post.Port), "door@acme.example"
	in.User("seed", "user", "")
	return &arena{in, program.Spawn(t, in.Env).Rough().URL, post}
}

// attacked is the office of one attack.
type attacked struct {
	*arena
	code   string
	number string // the owner's
}

// office makes an office with a boss, who signs in by the password alone, and the owner, whose number is confirmed.
func (a *arena) office(t *testing.T, code string, n int) *attacked {
	t.Helper()
	in := *a.Installation
	in.T = t
	x := &attacked{&arena{&in, a.at, a.post}, code, fmt.Sprintf("+3161%d555%03d", n%10, n)}
	x.Exec("insert into offices (code, name, two_factor_required) values ($1, $1, true)", code)
	x.Exec(`insert into office_countries (office_id, country) select o.id, c.country from offices o, office_countries c
		where o.code = $1 and c.office_id = (select id from offices where code = 'ACME')`, code)
	x.user("owner", "user")
	x.user("boss", "superuser")
	x.Exec(`insert into mobile_numbers (user_id, number, country, confirmed_at)
		select id, $2, 'NL', now() from users where id = $1`, x.id("owner"), x.number)
	return x
}

func (x *attacked) user(name, role string) {
	x.T.Helper()
	x.Exec(`insert into users (office_id, username, name, role, password_hash, email)
		select o.id, $2, 'Somebody', $3, s.password_hash, $2 || '@' || lower(o.code) || '.example'
		from offices o, users s where o.code = $1 and s.username = 'seed'`, x.code, name, role)
}

func (x *attacked) id(name string) int {
	x.T.Helper()
	return x.Count("select u.id from users u join offices o on o.id = u.office_id where o.code = $1 and u.username = $2",
		x.code, name)
}

// speaker tells the program an address, as its proxy does.
type speaker string

func (s speaker) RoundTrip(r *http.Request) (*http.Response, error) {
	with := r.Clone(r.Context())
	with.Header.Set("X-Forwarded-For", string(s))
	return http.DefaultTransport.RoundTrip(with)
}

// from is a new browser at an address.
func (x *attacked) from(address string) *program.Browser {
	x.T.Helper()
	return program.NewBrowserVia(x.T, x.at, speaker(address))
}

// logsIn enters the planted password, or another.
func (x *attacked) logsIn(b *program.Browser, name string, password ...string) *program.Page {
	x.T.Helper()
	b.T = x.T
	return b.LogIn(x.code, name, append(password, program.Password)[0])
}

// texts are the codes that were sent to the owner's number so far.
func (x *attacked) texts() (codes []string) {
	for _, m := range x.SMS.Received() {
		if "+"+m.To == x.number {
			codes = append(codes, program.CodeIn(x.T, m.Text))
		}
	}
	return codes
}

// getsIn: the owner, in a browser, is sent a code and in with it.
func (x *attacked) getsIn(b *program.Browser, password ...string) {
	x.T.Helper()
	before := len(x.texts())
	x.logsIn(b, "owner", password...).On("/login/code")
	program.Eventually(x.T, 10*time.Second, "the owner is sent a code", func() bool { return len(x.texts()) > before })
	b.Enters(x.texts()[before]).On("/settings/me")
}

// known is a browser of the owner's, who is logged out in it.
func (x *attacked) known(address string) *program.Browser {
	x.T.Helper()
	b := x.from(address)
	x.getsIn(b)
	b.Get("/settings/me").Press("Log out").On("/login")
	return b
}

var linkPath = regexp.MustCompile(`(?m)https?://[^/\s]+(/link/\S+)$`)

// mailed waits for the n-th link to somebody, and returns its path.
func (x *attacked) mailed(name string, n int) string {
	x.T.Helper()
	var links []string
	program.Eventually(x.T, 20*time.Second, fmt.Sprintf("%d links to %s", n, name), func() bool {
		links = nil
		for _, m := range x.post.Mails() {
			if m.To != name+"@"+strings.ToLower(x.code)+".example" {
				continue
			}
			if found := linkPath.FindStringSubmatch(m.Text(x.T)); found != nil {
				links = append(links, found[1])
			}
		}
		return len(links) >= n
	})
	return links[n-1]
}

// forgets asks for the owner's n-th link and sets a password with it, in the same browser.
func (x *attacked) forgets(b *program.Browser, n int, password string) {
	x.T.Helper()
	b.Post("/login/forgot", url.Values{"office": {x.code}, "username": {"owner"}}).On("/login/forgot")
	link := x.mailed("owner", n)
	b.Get(link)
	b.Post(link, url.Values{"password": {password}, "again": {password}}).On("/login")
}

// spent are messages of a moment ago that nobody answered, from a session of somebody's to a number.
func (x *attacked) spent(name, number, purpose string, proven bool, n int) {
	x.T.Helper()
	x.Exec(`with s as (
		insert into sessions (user_id, token_hash, level, methods, address, user_agent, password_at, expires_at, ended_at)
			values ($1, sha256(gen_random_uuid()::text::bytea), 1, '{pwd}', '', '', now(), now(), now()) returning id
	), c as (
		insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac,
			created_at, expires_at, ended_at, outcome, proven)
		select gen_random_uuid()::text, s.id, u.id, u.office_id, $3, $2, 'NL', 'en', 'x', now(),
			now() + interval '5 minutes', now(), 'expired', $4
		from s, users u, generate_series(1, $5::int) where u.id = $1 returning id, created_at
	), m as (
		insert into messages (challenge_id, send_no, state, final, queued_at, accepted_at)
			select id, 1, 'accepted', true, created_at, created_at from c returning id
	) insert into sends (message_id, provider, state, class) select id, 'vonage', 'sent', 'sent' from m`,
		x.id(name), number, purpose, proven, n)
}
