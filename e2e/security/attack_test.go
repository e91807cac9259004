package security

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/mail/mailtest"
)

// The attacks of the second review, and others of their kinds, played against the program: each in an office of its
// own, all at one installation, and each beside what the owner does meanwhile.

// attack is one attack's own office at the installation of all.
type attack struct {
	*program.Installation
	t      *testing.T
	at     string // the node
	mail   *mailtest.Server
	office string // its code
	serial *atomic.Int64
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	server := mailtest.NewServer(t, mailtest.Config{STARTTLS: true})
	in.Env["SMTP_URL"] = fmt.Sprintf("smtp://127.0.0.1:%d", server.Port)
	in.Env["MAIL_FROM"] = "Acme door <door@acme.example>"
	in.Env["SSL_CERT_FILE"] = server.CAFile
	in.User("model", "user", "")
	n, serial := program.Spawn(t, in.Env), &atomic.Int64{}
	for _, kind := range []map[string]func(*attack){attacksIn(), attacksByReset(), attacksBySSO(), attacksByRole()} {
		for name, play := range kind {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := *in
				own.T = t
				a := &attack{&own, t, n.URL, server, fmt.Sprintf("OFFICE%d", serial.Add(1)), serial}
				a.Exec("insert into offices (code, name, two_factor_required) values ($1, 'An Office', true)", a.office)
				a.Exec("insert into office_countries (office_id, country) select id, 'NL' from offices where code = $1", a.office)
				a.person("boss", "superuser")
				play(a)
			})
		}
	}
}

// demand turns the office's switch.
func (a *attack) demand(on bool) {
	a.t.Helper()
	a.Exec("update offices set two_factor_required = $2 where code = $1", a.office, on)
}

// person makes a user of the office with the password of all.
func (a *attack) person(username, role string) {
	a.t.Helper()
	a.Exec(`insert into users (office_id, username, name, role, password_hash, password_long)
		select o.id, $2, 'Somebody', $3, m.password_hash, true from offices o, users m
		where o.code = $1 and m.username = 'model'`, a.office, username, role)
}

// of is the id of a user of the office, in SQL that follows a where or an equals sign.
func (a *attack) of(username string) string {
	return fmt.Sprintf("(select u.id from users u join offices o on o.id = u.office_id "+
		"where o.code = '%s' and u.username = '%s')", a.office, username)
}

// id is the same as text.
func (a *attack) id(username string) string { return a.Ask("select " + a.of(username)) }

// patience is how long a code or mail may take on a busy machine.
const patience = 20 * time.Second

// address gives a user an e-mail address of their own.
func (a *attack) address(username string) string {
	a.t.Helper()
	mailbox := fmt.Sprintf("%s.%s@acme.example", username, strings.ToLower(a.office))
	a.Exec("update users set email = $1 where id = "+a.of(username), mailbox)
	return mailbox
}

// phone is a number that nobody else has.
func (a *attack) phone() string { return fmt.Sprintf("+316%08d", 10_000_000+a.serial.Add(1)*100_003) }

// confirmed gives a user a confirmed number of their own.
func (a *attack) confirmed(username string) string {
	a.t.Helper()
	number := a.phone()
	a.Exec("insert into mobile_numbers (user_id, number, country, confirmed_at) values ("+a.of(username)+
		", $1, 'NL', now())", number)
	return number
}

// browser is a new browser; its user is whoever logs in.
func (a *attack) browser() *program.Browser { return program.NewBrowser(a.t, a.at) }

// logIn enters the password of a user in a new browser, and says where that must lead.
func (a *attack) logIn(username, to string) *program.Browser {
	a.t.Helper()
	b := a.browser()
	b.LogIn(a.office, username, program.Password).On(to)
	return b
}

// code is the n-th code that was sent to a number.
func (a *attack) code(number string, n int) (code string) {
	a.t.Helper()
	program.Eventually(a.t, patience, fmt.Sprintf("%d codes", n), func() bool {
		sent := 0
		for _, m := range a.SMS.Received() {
			if "+"+m.To == number {
				if sent++; sent == n {
					code = program.CodeIn(a.t, m.Text)
				}
			}
		}
		return sent >= n
	})
	return code
}

// in is a browser in which a user has just proven both factors, the code to their number being the n-th.
func (a *attack) in(username, number string, n int) *program.Browser {
	a.t.Helper()
	b := a.logIn(username, "/login/code")
	b.Enters(a.code(number, n))
	a.inside(b, username)
	return b
}

// inside fails the test unless a browser is in, and out if it is.
func (a *attack) inside(b *program.Browser, who string) {
	a.t.Helper()
	if !inside(b.Try(http.MethodGet, "/settings/me", nil)) {
		a.t.Errorf("%s is not in", who)
	}
}

func (a *attack) out(b *program.Browser, who string) {
	a.t.Helper()
	if inside(b.Try(http.MethodGet, "/settings/me", nil)) {
		a.t.Errorf("%s is in", who)
	}
}

// has fails the test unless these kinds of factor are all that a user has.
func (a *attack) has(username, kinds string) {
	a.t.Helper()
	got := a.Ask("select string_agg(kind, ' ' order by kind) from user_factors where counts and user_id = " +
		a.of(username))
	if got != kinds {
		a.t.Errorf("%s has %q, not %q", username, got, kinds)
	}
}

// forgot asks for a link to a new password.
func (a *attack) forgot(username string) {
	a.t.Helper()
	a.browser().Post("/login/forgot", url.Values{"office": {a.office}, "username": {username}})
}

// link is the path of the n-th link that was mailed to an address.
func (a *attack) link(to string, n int) (link string) {
	a.t.Helper()
	program.Eventually(a.t, patience, fmt.Sprintf("%d links to %s", n, to), func() bool {
		sent := 0
		for _, text := range a.letters(to, 0) {
			if found := linkInMail.FindStringSubmatch(text); found != nil {
				if sent++; sent == n {
					link = found[1]
				}
			}
		}
		return sent >= n
	})
	return link
}

// letters are the texts of the mails to an address, once there are n of them.
func (a *attack) letters(to string, n int) (texts []string) {
	a.t.Helper()
	program.Eventually(a.t, patience, fmt.Sprintf("%d mails to %s", n, to), func() bool {
		texts = nil
		for _, m := range a.mail.Mails() {
			if m.To != to {
				continue
			}
			texts = append(texts, m.Text(a.t))
		}
		return len(texts) >= n
	})
	return texts
}

var linkInMail = regexp.MustCompile(`(?m)^https?://[^/\s]+(/link/\S+)$`)

// sets posts a new password to a link.
func sets(b *program.Browser, link, password string) *program.Page {
	b.T.Helper()
	return b.Post(link, url.Values{"password": {password}, "again": {password}})
}
