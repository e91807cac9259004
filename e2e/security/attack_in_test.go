package security

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// attacksIn are of whoever has the password and nothing else.
func attacksIn() map[string]func(*attack) {
	return map[string]func(*attack){
		"a pending log-in replaces the owner's factor":           pendingReplaces,
		"a log-in with the old password is under way":            oldPasswordUnderWay,
		"wrong codes lock the owner out":                         wrongCodesLock,
		"a factor is enrolled while the owner enrols one":        enrolsWithTheOwner,
		"what was proven before is used after it was taken away": oldProofs,
	}
}

// Finding 1: begun while nothing is demanded, finished when it is.
func pendingReplaces(a *attack) {
	t := a.t
	a.demand(false)
	a.person("owner", "user")
	boss, stranger := a.logIn("boss", "/settings/me"), a.logIn("owner", "/settings/me")
	theirs := a.phone()
	stranger.Post("/settings/me/number", numberForm(theirs)).On("/settings/confirm/code")
	code := a.code(theirs, 1)
	boss.Post("/settings/office/general/activate", url.Values{"shown": {"yes"}})
	if a.Ask("select two_factor_required from offices where code = $1", a.office) != "true" {
		t.Fatal("nothing is demanded")
	}
	owner := a.logIn("owner", "/login/method")
	setup := owner.Get("/login/app/setup")
	setup.Press("Verify", "code", program.AppCode(t, program.SecretOn(t, setup), 0)).On("/settings/me/recovery-codes")
	for _, path := range []string{"/login/code", "/settings/confirm/code", "/login/app", "/login/recovery"} {
		stranger.Post(path, url.Values{"code": {code}})
	}
	stranger.Post("/login/resend", nil)
	stranger.Post("/login/number", numberForm(theirs))
	a.out(stranger, "the stranger")
	a.has("owner", "otp")
	a.inside(owner, "the owner")
}

// Finding 4: whatever waits between the look at the old password and the session begins none.
func oldPasswordUnderWay(a *attack) {
	t, ctx := a.t, context.Background()
	a.demand(false)
	a.person("owner", "user")
	tx, err := a.Pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Another hash as good as any: who waits elsewhere may end the wait below early.
	change := "update users set password_hash = overlay(password_hash placing 'changed' from length(password_hash) - 6)" +
		" where id = "
	if _, err := tx.Exec(ctx, change+a.of("owner")); err != nil {
		t.Fatal(err)
	}
	stranger, done := a.browser(), make(chan error, 1)
	stranger.Get("/login")
	go func() {
		_, err := stranger.Try(http.MethodPost, "/login", url.Values{
			"office": {a.office}, "username": {"owner"}, "password": {program.Password}})
		done <- err
	}()
	program.Eventually(t, 10*time.Second, "the log-in waits for the user's row", func() bool {
		return a.Blocked() || len(done) > 0
	})
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	a.out(stranger, "the old password, after the new one was set,")
}

// Finding 2, the budgets: a stranger's wrong codes lock strangers. The owner is in with the same factor in a browser of
// theirs and, with a new password, in every other.
func wrongCodesLock(a *attack) {
	t := a.t
	a.person("owner", "user")
	mailbox, number := a.address("owner"), a.confirmed("owner")
	own := a.in("owner", number, 1)
	own.Post("/logout", nil)
	for n := range 4 {
		b := a.logIn("owner", "/login/code")
		for range 5 {
			b.Post("/login/code", url.Values{"code": {program.WrongCode(a.code(number, n+2))}})
		}
		a.Exec("update factor_failures set wait_until = now() where user_id = " + a.of("owner"))
	}
	if a.Ask("select bool_or(locked_at is not null) from factor_failures where user_id = "+a.of("owner")) != "true" {
		t.Fatal("nobody is locked")
	}
	own.LogIn(a.office, "owner", program.Password).On("/login/code")
	own.Enters(a.code(number, 6))
	a.inside(own, "the owner in a known browser")
	a.forgot("owner")
	sets(a.browser(), a.link(mailbox, 1), "kettle umbrella seventeen").On("/login")
	other := a.browser()
	other.LogIn(a.office, "owner", "kettle umbrella seventeen").On("/login/code")
	other.Enters(a.code(number, 7))
	a.inside(other, "the owner with a new password")
}

// Of two log-ins that enrol at once one is in, and what the other began proves nothing.
func enrolsWithTheOwner(a *attack) {
	t := a.t
	a.person("owner", "user")
	stranger, owner := a.logIn("owner", "/login/method"), a.logIn("owner", "/login/method")
	theirs, mine := a.phone(), a.phone()
	stranger.Post("/login/number", numberForm(theirs)).On("/login/code")
	owner.Post("/login/number", numberForm(mine)).On("/login/code")
	setup := stranger.Get("/login/app/setup")
	own, other := a.code(mine, 1), a.code(theirs, 1)
	app := program.AppCode(t, program.SecretOn(t, setup), 0)
	var all sync.WaitGroup
	all.Go(func() { _, _ = owner.Try(http.MethodPost, "/login/code", url.Values{"code": {own}}) })
	all.Go(func() { _, _ = stranger.Try(http.MethodPost, "/login/app/setup", url.Values{"code": {app}}) })
	all.Wait()
	stranger.Post("/login/code", url.Values{"code": {other}})
	stranger.Post("/login/app/setup", url.Values{"code": {program.AppCode(t, program.SecretOn(t, setup), 1)}})
	owner.Post("/login/code", url.Values{"code": {own}})
	in := 0
	for _, b := range []*program.Browser{stranger, owner} {
		if inside(b.Try(http.MethodGet, "/settings/me", nil)) {
			in++
		}
	}
	if n := a.Count("select count(*) from user_factors where counts and user_id = " + a.of("owner")); in != 1 || n != 1 {
		t.Errorf("%d are in, with %d factors", in, n)
	}
}

// A step of an app again, recovery codes that were replaced, a code to a number that was changed, an app that was
// removed, the cookie of before a step-up, a log-out or a new password: each was good once.
func oldProofs(a *attack) {
	t := a.t
	a.person("owner", "user")
	number, fresh := a.confirmed("owner"), a.phone()
	own := a.in("owner", number, 1)
	secret := program.SecretOn(t, own.Get("/settings/me/app"))
	proven := url.Values{"code": {program.AppCode(t, secret, -1)}}
	sheet := own.Post("/settings/me/app", proven)
	old := program.RecoveryOn(sheet.On("/settings/me/recovery-codes"))
	step, recovers := a.logIn("owner", "/login/app"), a.logIn("owner", "/login/app")
	step.Post("/login/app", proven)
	a.out(step, "a step again")
	own.Post("/settings/me/recovery-codes", nil).On("/settings/me/recovery-codes")
	recovers.Post("/login/recovery", url.Values{"code": {old[0]}})
	a.out(recovers, "a recovery code of before")

	texted := a.logIn("owner", "/login/app")
	texted.Post("/login/send", nil).On("/login/code")
	code := a.code(number, 2)
	own.Post("/settings/me/number", numberForm(fresh)).On("/settings/confirm/code")
	own.Post("/settings/confirm/code", url.Values{"code": {a.code(fresh, 1)}}).On("/settings/me")
	texted.Post("/login/code", url.Values{"code": {code}})
	a.out(texted, "a code to the number of before")
	own.Post("/settings/me/app/remove", nil).On("/settings/me")
	removed := a.logIn("owner", "/login/code")
	removed.Post("/login/app", url.Values{"code": {program.AppCode(t, secret, 1)}})
	a.out(removed, "an app that was removed")

	copied := own.Like(a.at)
	a.Exec("update sessions set second_factor_at = now() - interval '11 minutes' where level = 2 and user_id = " +
		a.of("owner"))
	own.Post("/settings/confirm/send", url.Values{"next": {"/settings/me"}}).On("/settings/confirm/code")
	own.Post("/settings/confirm/code", url.Values{"code": {a.code(fresh, 3)}, "next": {"/settings/me"}}).On("/settings/me")
	a.out(copied, "the cookie of before the step-up")
	other, copied := a.logIn("owner", "/login/code"), own.Like(a.at)
	own.Post("/settings/me/password", url.Values{"present": {program.Password}, "password": {"kettle umbrella seventeen"},
		"again": {"kettle umbrella seventeen"}}).On("/settings/me")
	other.Post("/login/code", url.Values{"code": {a.code(fresh, 4)}})
	a.out(other, "a log-in with the password of before")
	a.out(copied, "the cookie of before the new password")
	if n := a.Count("select count(*) from known_browsers where user_id = " + a.of("owner")); n != 1 {
		t.Errorf("%d browsers are known after a new password", n)
	}
	copied = own.Like(a.at)
	a.inside(own, "the owner")
	own.Post("/logout", nil)
	a.out(copied, "the cookie of before the log-out")
}

func numberForm(number string) url.Values { return url.Values{"number": {number}, "country": {"NL"}} }
