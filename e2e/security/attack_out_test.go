package security

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/otp"
)

// The attacks by which somebody is kept out, each as a review of the program played it, with the owner's own story
// beside it: a known browser, and a new password in a new one. Attacks on proxies stand in proxy_test.go, what a
// stranger can write in package handlers.
func TestNobodyIsKeptOut(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	attacks := []struct {
		name, code string
		play       func(x *attacked)
	}{
		{"wrong second factors of the password's holder", "FACTORS", guessesFactors},
		{"countries by the numbers of another office", "LANDS", movesCountries},
		{"messages of other offices to a number and its range", "NUMBERS", spendsNumbers},
		{"messages of the password's holder", "TEXTS", spendsMessages},
		{"a stranger's wrong passwords", "STRANGER", delaysNewBrowsers},
		{"log-ins that the password's holder begins", "PENDING", beginsLogIns},
		{"a stranger's requests for a new password", "FORGOT", asksForLinks},
		{"wrong words after a reset", "WORD", guessesWords},
		{"wrong passwords in another session", "SEAT", mistypesInASession},
	}
	t.Run("at once", func(t *testing.T) {
		for i, attack := range attacks {
			t.Run(attack.name, func(t *testing.T) {
				t.Parallel()
				attack.play(a.office(t, attack.code, i+1))
			})
		}
	})
	// Alone: it makes every stranger wait.
	t.Run("a flood at the hash", func(t *testing.T) { floodsTheHash(a.office(t, "FLOOD", 10)) })
}

const another = "kettle umbrella seventeen"

// Twenty wrong codes with the right password lock new browsers alone, and a new password gives them back.
func guessesFactors(x *attacked) {
	b := x.from("203.0.113.1")
	x.Exec("delete from mobile_numbers where user_id = $1", x.id("owner"))
	x.logsIn(b, "owner").On("/login/method")
	setup := b.Get("/login/app/setup")
	secret := program.SecretOn(x.T, setup)
	setup.Press("Verify", "code", program.AppCode(x.T, secret, 0)).On("/settings/me/recovery-codes")
	b.Post("/logout", nil).On("/login")
	proves := func(b *program.Browser, password string, secret otp.Secret) *program.Page {
		x.logsIn(b, "owner", password).On("/login/app")
		x.Exec("update authenticators set last_step = 0 where user_id = $1", x.id("owner"))
		return b.Post("/login/app", url.Values{"code": {program.AppCode(x.T, secret, 0)}})
	}
	wrong := url.Values{"code": {program.WrongCode(program.AppCode(x.T, secret, 0))}}
	for i := range 4 {
		holder := x.from(fmt.Sprintf("198.51.100.%d", i))
		x.logsIn(holder, "owner").On("/login/app")
		for range 5 {
			holder.Post("/login/app", wrong)
		}
		x.Exec("update factor_failures set wait_until = now() where user_id = $1", x.id("owner"))
	}
	if p := proves(x.from("203.0.113.2"), program.Password, secret); p.Status != http.StatusUnprocessableEntity {
		x.T.Errorf("after twenty wrong codes a new browser is not locked: %d at %s", p.Status, p.URL)
	}
	proves(b, program.Password, secret).On("/settings/me")
	fresh := x.from("203.0.113.3")
	x.forgets(fresh, 1, another)
	proves(fresh, another, secret).On("/settings/me")
}

// Numbers that another office registers, however many, move nobody's countries.
func movesCountries(x *attacked) {
	evil := x.office(x.T.(*testing.T), "LANDS-EVIL", 91)
	for i, number := range []string{"LV +37121234567", "LT +37061234567", "EE +37251234567", "AL +355661234567"} {
		country, number, _ := strings.Cut(number, " ")
		for j := range 2 {
			name := fmt.Sprintf("u%d-%d", i, j)
			evil.user(name, "user")
			evil.Exec("insert into mobile_numbers (user_id, number, country) values ($1, $2, $3)", evil.id(name), number,
				country)
		}
	}
	x.user("newcomer", "user")
	b := x.from("203.0.113.4")
	x.logsIn(b, "newcomer").On("/login/method")
	p := b.Post("/login/number", url.Values{"number": {"+37121234567"}, "country": {"LV"}})
	if p.Status != http.StatusUnprocessableEntity {
		x.T.Errorf("a code goes to Latvia: %d at %s", p.Status, p.URL)
	}
	b.Post("/login/number", url.Values{"number": {"+31619555991"}, "country": {"NL"}}).On("/login/code")
}

// What other offices had sent to the owner's number, and to its neighbours, stops no code to whom it is proven for.
func spendsNumbers(x *attacked) {
	evil := x.office(x.T.(*testing.T), "NUMBERS-EVIL", 92)
	for i := range 8 {
		name := fmt.Sprint("u", i)
		evil.user(name, "user")
		evil.spent(name, x.number[:9]+fmt.Sprintf("%03d", 900+i), "enrol", false, 5)
	}
	evil.spent("u0", x.number, "change", false, 10)
	x.spent("boss", "+31610000000", "enrol", false, 60) // the office's hour
	evil.user("caller", "user")
	b := x.from("198.51.100.20")
	evil.logsIn(b, "caller").On("/login/method")
	if p := b.Post("/login/number", url.Values{"number": {x.number}, "country": {"NL"}}); p.Status !=
		http.StatusUnprocessableEntity {
		x.T.Errorf("the other office has one more message sent to it: %d at %s", p.Status, p.URL)
	}
	x.getsIn(x.from("203.0.113.5"))
}

// Messages that the holder of the password had sent are none of the owner's known browsers, nor of the new password.
func spendsMessages(x *attacked) {
	known := x.known("203.0.113.6")
	x.spent("owner", x.number, "sign_in", true, 10)
	before := len(x.texts())
	holder := x.from("198.51.100.30")
	x.logsIn(holder, "owner").On("/login/code")
	if p := holder.Post("/login/send", nil); p.Status != http.StatusUnprocessableEntity || len(x.texts()) != before {
		x.T.Errorf("the holder has one more sent: %d at %s", p.Status, p.URL)
	}
	x.getsIn(known)
	fresh := x.from("203.0.113.7")
	x.forgets(fresh, 1, another)
	x.getsIn(fresh, another)
}

// Sixty wrong passwords in a row, one each time that one was taken: the owner's first in a new browser is looked at,
// and so is one after a link. Twenty names that failed at an address stop new browsers there alone.
func delaysNewBrowsers(x *attacked) {
	x.Exec(`insert into password_failures (account, browser, network, site, in_a_row, next_try_at)
		values ($1, '', '', '', 60, now() + interval '1 minute')`, x.code+"/owner")
	x.getsIn(x.from("203.0.113.9"))
	x.Exec(`insert into password_failures (account, browser, network, site, in_a_row, next_try_at)
		select $1 || '/nobody' || i, '', '198.51.100.40/32', '198.51.100.0/24', 1, now() from generate_series(1, 25) i`,
		x.code)
	fresh := x.from("198.51.100.40")
	if p := x.logsIn(fresh, "owner"); p.Status != http.StatusTooManyRequests {
		x.T.Errorf("behind twenty-five names that failed a new browser is let in: %d at %s", p.Status, p.URL)
	}
	x.forgets(fresh, 1, another)
	x.getsIn(fresh, another)
}

// Log-ins that the holder begins and leaves displace none that the owner has begun.
func beginsLogIns(x *attacked) {
	known, fresh := x.known("203.0.113.10"), x.from("203.0.113.11")
	x.logsIn(known, "owner").On("/login/code")
	program.Eventually(x.T, 10*time.Second, "the code is sent", func() bool { return len(x.texts()) > 1 })
	code := x.texts()[1]
	x.logsIn(fresh, "owner").On("/login/code")
	refused := 0
	for i := range 24 {
		if p := x.logsIn(x.from(fmt.Sprintf("198.51.%d.50", i/6)), "owner"); p.Status == http.StatusTooManyRequests ||
			p.Status == http.StatusServiceUnavailable {
			refused++
		}
	}
	if refused == 0 {
		x.T.Error("twenty-four log-ins are begun, six at an address, and none is refused")
	}
	fresh.Get("/login/code").On("/login/code")
	known.Enters(code).On("/settings/me")
}

// Forty strangers wait for the hash, and again as soon as they are answered: the owner in a known browser stands before
// them. How many were answered meanwhile tells, where a time would tell of the machine.
func floodsTheHash(x *attacked) {
	const strangers = 40
	known := x.known("203.0.113.12")
	known.Get("/login")
	var answered, over atomic.Int32
	var all sync.WaitGroup
	for i := range strangers {
		all.Go(func() {
			for n := 0; over.Load() == 0 && n < 20; n++ {
				_, _ = x.from(fmt.Sprintf("2001:db8:%x::1", 100*i+n)).Try(http.MethodPost, "/login", url.Values{
					"office": {x.code}, "username": {fmt.Sprintf("nobody%d.%d", i, n)}, "password": {"wrong"},
				})
				answered.Add(1)
			}
		})
	}
	program.Eventually(x.T, 20*time.Second, "the flood has begun", func() bool { return answered.Load() > strangers/4 })
	before := answered.Load()
	p, err := known.Try(http.MethodPost, "/login", url.Values{
		"office": {x.code}, "username": {"owner"}, "password": {program.Password},
	})
	came := answered.Load() - before
	over.Add(1)
	over.Add(1)
	all.Wait()
	if err != nil || p.URL.Path != "/login/code" || came > strangers/2 {
		x.T.Errorf("the owner is led to %s after %d strangers: %v", p.URL.Path, came, err)
	}
}

// Three requests of a stranger use nothing up once their links are over.
func asksForLinks(x *attacked) {
	for i := range 4 {
		x.from(fmt.Sprintf("198.51.100.6%d", i)).Post("/login/forgot", url.Values{
			"office": {x.code}, "username": {"owner"},
		}).On("/login/forgot")
	}
	x.mailed("owner", 3)
	x.Exec("update password_reset_requests set asked_at = asked_at - interval '31 minutes' where user_id = $1",
		x.id("owner"))
	x.Exec("update one_time_links set expires_at = expires_at - interval '31 minutes' where user_id = $1", x.id("owner"))
	b := x.from("203.0.113.13")
	x.forgets(b, 4, another)
	x.getsIn(b, another)
}

// After a reset without mail, wrong words of the password's holder make the owner, who has the word, wait for nothing.
func guessesWords(x *attacked) {
	x.Exec("update users set email = '' where id = $1", x.id("owner"))
	x.Exec("update offices set two_factor_required = false where code = $1", x.code)
	boss := x.from("203.0.113.14")
	x.logsIn(boss, "boss").On("/settings/me")
	p := boss.Post(fmt.Sprintf("/settings/users/%d/reset", x.id("owner")), nil)
	word := strings.TrimSpace(p.Find("code.word").Text())
	if word == "" {
		x.T.Fatalf("no word is shown at %s (%d):\n%s", p.URL, p.Status, p.Text())
	}
	x.Exec("update offices set two_factor_required = true where code = $1", x.code)
	for i := range 5 {
		holder := x.from(fmt.Sprintf("198.51.100.7%d", i))
		x.logsIn(holder, "owner").On("/login/word")
		for range 5 {
			holder.Post("/login/word", url.Values{"code": {"aaaaa-aaaaa-aaaaa"}})
		}
	}
	b := x.from("203.0.113.15")
	x.logsIn(b, "owner").On("/login/word")
	b.Post("/login/word", url.Values{"code": {word}}).On("/login/method")
	b.Post("/login/number", url.Values{"number": {x.number}, "country": {"NL"}}).On("/login/code")
	program.Eventually(x.T, 10*time.Second, "a code is sent", func() bool { return len(x.texts()) == 1 })
	b.Enters(x.texts()[0]).On("/settings/me/recovery-codes")
}

// Where no second factor is demanded, who mistypes the password in one session delays no other.
func mistypesInASession(x *attacked) {
	x.Exec("update offices set two_factor_required = false where code = $1", x.code)
	x.Exec("delete from mobile_numbers where user_id = $1", x.id("owner"))
	holder, owner := x.from("198.51.100.80"), x.from("203.0.113.16")
	x.logsIn(holder, "owner").On("/settings/me")
	x.logsIn(owner, "owner").On("/settings/me")
	change := func(b *program.Browser, present string) *program.Page {
		return b.Post("/settings/me/password", url.Values{
			"present": {present}, "password": {another}, "again": {another},
		})
	}
	for range 4 {
		change(holder, "wrong")
	}
	x.Exec("update password_failures set next_try_at = now() + interval '1 hour' where account = $1", x.code+"/owner")
	if p := change(holder, program.Password); p.Status != http.StatusUnprocessableEntity {
		x.T.Errorf("who mistyped is not delayed: %d at %s", p.Status, p.URL)
	}
	change(owner, program.Password).On("/settings/me")
	if p := holder.Get("/settings/me"); p.URL.Path != "/login" {
		x.T.Errorf("after the new password the other session is at %s", p.URL)
	}
}
