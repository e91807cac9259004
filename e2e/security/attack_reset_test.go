package security

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// attacksByReset are on the ways back in: resets, their words, and links.
func attacksByReset() map[string]func(*attack) {
	return map[string]func(*attack){
		"who knows the password waits for a reset by mail": resetByMail,
		"who knows the password waits for a reset's word":  resetByWord,
		"links that were mailed before":                    earlierLinks,
		"sixteen use one link":                             oneLink,
	}
}

// Finding 2, the reset: the password goes with the factor.
func resetByMail(a *attack) {
	a.person("owner", "user")
	mailbox, number := a.address("owner"), a.phone()
	a.confirmed("owner")
	boss, early := a.in("boss", a.confirmed("boss"), 1), a.logIn("owner", "/login/code")
	a.forgot("owner")
	before := a.link(mailbox, 1)
	boss.Post("/settings/users/"+a.id("owner")+"/reset", nil)
	first := a.link(mailbox, 2)
	boss.Post("/settings/users/"+a.id("owner")+"/invite", nil)
	again := a.link(mailbox, 3)
	early.Get("/login/code").On("/login")
	for _, password := range []string{program.Password, " ", "\x00"} {
		stranger := a.browser()
		stranger.LogIn(a.office, "owner", password)
		a.out(stranger, "the password of before the reset")
	}
	for what, link := range map[string]string{"before the reset": before, "before the newest": first} {
		if p := sets(a.browser(), link, "stranger umbrella seventeen"); p.Status != http.StatusGone {
			a.t.Errorf("a link of %s answers %d", what, p.Status)
		}
	}
	a.has("owner", "")
	owner := a.browser()
	sets(owner, again, "kettle umbrella seventeen").On("/login")
	owner.LogIn(a.office, "owner", "kettle umbrella seventeen").On("/login/method")
	owner.Post("/login/number", numberForm(number)).On("/login/code")
	owner.Enters(a.code(number, 1))
	a.inside(owner, "the owner")
}

// aWord is a word as it is shown.
var aWord = regexp.MustCompile(`[0-9a-z]{5}(-[0-9a-z]{5}){2}`)

// Finding 2 where no link can be mailed: the password leads to the word and no further, however often one is guessed.
func resetByWord(a *attack) {
	a.person("owner", "user")
	number := a.phone()
	a.confirmed("owner")
	boss := a.in("boss", a.confirmed("boss"), 1)
	word := aWord.FindString(boss.Post("/settings/users/"+a.id("owner")+"/reset", nil).Text())
	stranger := a.logIn("owner", "/login/word")
	form := url.Values{"number": {a.phone()}, "country": {"NL"}, "code": {"123456"}, "method": {"sms"}}
	for _, step := range []string{
		"method", "number", "app", "app/setup", "send", "code", "resend", "recovery", "check", "ways",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if status, to := stranger.Bare(method, "/login/"+step, form); to != "/login/word" && status < 400 {
				a.t.Errorf("%s /login/%s without the word answers %d %s", method, step, status, to)
			}
		}
	}
	for range 4 {
		b := a.logIn("owner", "/login/word")
		for range 5 {
			b.Post("/login/word", url.Values{"code": {"aaaaa-aaaaa-aaaaa"}})
		}
		a.out(b, "a guess")
	}
	owner := a.logIn("owner", "/login/word")
	owner.Post("/login/word", url.Values{"code": {word}}).On("/login/method")
	if _, to := stranger.Bare(http.MethodPost, "/login/number", form); to != "/login/word" {
		a.t.Errorf("the owner's word serves the stranger: %s", to)
	}
	owner.Post("/login/number", numberForm(number)).On("/login/code")
	owner.Enters(a.code(number, 1))
	a.inside(owner, "the owner")
	stranger.Post("/login/word", url.Values{"code": {word}})
	a.out(stranger, "the stranger")
}

// Finding 12: another address ends the links to the one before, and is told to both. Disabling a user ends them, too.
func earlierLinks(a *attack) {
	a.person("owner", "user")
	mailbox := a.address("owner")
	boss := a.in("boss", a.confirmed("boss"), 1)
	user := "/settings/users/" + a.id("owner")
	a.forgot("owner")
	dead := func(what string, n int) {
		a.t.Helper()
		if p := sets(a.browser(), a.link(mailbox, n), "stranger umbrella seventeen"); p.Status != http.StatusGone {
			a.t.Errorf("%s: the link answers %d", what, p.Status)
		}
	}
	a.link(mailbox, 1)
	boss.Post(user+"/disable", nil)
	boss.Post(user+"/enable", nil)
	dead("disabled and enabled again", 1)
	a.forgot("owner")
	a.link(mailbox, 2)
	moved := "new." + mailbox
	boss.Post(user+"/change", url.Values{"name": {"Somebody"}, "email": {moved}, "role": {"user"}}).On(user)
	dead("another address", 2)
	told := func(to string) bool {
		text := strings.Join(strings.Fields(strings.Join(a.letters(to, 1), " ")), " ")
		return strings.Contains(text, "Links to a new password")
	}
	program.Eventually(a.t, patience, "both addresses are told", func() bool { return told(mailbox) && told(moved) })
	if n := a.Count("select count(*) from notices where kind = 'address_changed' and user_id = " + a.of("owner")); n != 1 {
		a.t.Errorf("%d notices", n)
	}
	a.forgot("owner")
	sets(a.browser(), a.link(moved, 1), "kettle umbrella seventeen").On("/login")
}

// Of many who use a link at once one sets the password, and no other way of writing its address is another link.
func oneLink(a *attack) {
	a.person("owner", "user")
	mailbox := a.address("owner")
	a.forgot("owner")
	link := a.link(mailbox, 1)
	token := strings.TrimPrefix(link, "/link/")
	form := url.Values{"password": {"stranger umbrella seventeen"}, "again": {"stranger umbrella seventeen"}}
	for _, other := range []string{link + "/", "/link/" + strings.ToUpper(token), link + "=", link + "%00", link + "a",
		"/link//" + token, "//link/" + token, "/link/../link/" + token, link + "%20", link[:len(link)-1]} {
		if status, to := a.browser().Bare(http.MethodPost, other, form); status < 400 {
			a.t.Errorf("POST %s answers %d %s", other, status, to)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		_, _ = a.browser().Bare(method, link+"?"+form.Encode(), form, "X-HTTP-Method-Override", "POST")
	}
	if status, _ := a.browser().Bare(http.MethodPost, link, form, "Sec-Fetch-Site", "cross-site"); status != 403 {
		a.t.Errorf("from another site: %d", status)
	}
	var all sync.WaitGroup
	won := make(chan string, 16)
	for i := range 16 {
		password := fmt.Sprintf("kettle umbrella %d seventeen", i)
		all.Go(func() {
			b := a.browser()
			if status, _ := b.Bare(http.MethodPost, link,
				url.Values{"password": {password}, "again": {password}}); status == http.StatusSeeOther {
				won <- password
			}
		})
	}
	all.Wait()
	close(won)
	if len(won) != 1 {
		a.t.Fatalf("%d of sixteen set the password", len(won))
	}
	owner := a.browser()
	owner.LogIn(a.office, "owner", <-won).On("/login/method")
}
