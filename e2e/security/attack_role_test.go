package security

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// attacksByRole are of users who may less than they try.
func attacksByRole() map[string]func(*attack) {
	return map[string]func(*attack){
		"an accountant writes addresses and methods otherwise": otherSpellings,
		"a copy of a superuser's cookie holds a form":          copiedCookie,
	}
}

// Whatever an address, a method or a header is made to look like, what is a superuser's stays so.
func otherSpellings(a *attack) {
	a.demand(false)
	a.person("owner", "user")
	a.person("clerk", "accountant")
	clerk := a.logIn("clerk", "/settings/me")
	user, boss := "/settings/users/"+a.id("owner"), "/settings/users/"+a.id("boss")
	state := func() string {
		return a.Ask(`select md5(string_agg(u::text, ',' order by u.id)) || (select count(*) from mobile_numbers m
			join users v on v.id = m.user_id where v.office_id = o.id) from users u join offices o on o.id = u.office_id
			where o.code = $1 group by o.id`, a.office)
	}
	before := state()
	form := url.Values{"name": {"x"}, "role": {"superuser"}, "_method": {"POST"}, "username": {"zoe"},
		"email": {"z@example.org"}, "number": {a.phone()}, "country": {"NL"}}
	for _, path := range []string{
		user + "/disable", user + "/disable/", "/" + user + "/disable", user + "/reset/../disable", user + "/./disable",
		user + "%2fdisable", user + "/disable;x", user + "/disable%00", "/Settings" + user[9:] + "/disable",
		user + "/delete", user + "/change", boss + "/number", "/settings/users/new", "/settings/users/export",
		"/settings/users/" + strings.Repeat("0", 300) + a.id("owner") + "/change",
		"/settings/users/+" + a.id("owner") + "/number", "/settings/users/0" + a.id("owner") + "/number",
	} {
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			for _, headers := range [][]string{nil, {"X-HTTP-Method-Override", "POST"}, {"HX-Request", "true"},
				{"X-Original-URL", user + "/disable", "X-Rewrite-URL", user + "/disable"}} {
				if status, to := clerk.Bare(method, path, form, headers...); status < 400 || status >= 500 {
					a.t.Errorf("%s %s with %v answers %d %s", method, path, headers, status, to)
				}
			}
		}
	}
	if state() != before {
		a.t.Error("something changed")
	}
	clerk.Post(user+"/number", numberForm(a.phone())).On(user) // what an accountant may
	if state() == before {
		a.t.Error("an accountant registers no number")
	}
}

// Step-up is there for a cookie that was copied: a form that the copy posted is not performed with the owner's proof.
func copiedCookie(a *attack) {
	a.demand(false)
	boss := a.logIn("boss", "/settings/me")
	a.Exec("update sessions set password_at = now() - interval '11 minutes' where user_id = " + a.of("boss"))
	copied := boss.Like(a.at)
	form := url.Values{
		"username": {"mallory"}, "name": {"Mallory"}, "email": {"mallory@evil.example"}, "role": {"superuser"},
	}
	own := url.Values{"username": {"colleague"}, "name": {"Colleague"}, "email": {"c@acme.example"}, "role": {"user"}}
	confirm := boss.Post("/settings/users/new", own).On("/settings/confirm")
	copied.Post("/settings/users/new", form).On("/settings/confirm")
	confirm.Press("Continue", "password", program.Password).On("/settings/users/new")
	made := func(name string) int {
		return a.Count("select count(*) from users where username = $1", name)
	}
	a.out(copied, "the copy, after the proof,")
	if made("mallory") != 0 {
		a.t.Fatal("the copy's form was performed with the owner's proof")
	}
	a.Exec("update sessions set password_at = now() - interval '11 minutes' where user_id = " + a.of("boss"))
	p := boss.Post("/settings/users/new", own).On("/settings/confirm").Press("Continue", "password", program.Password)
	if p.Status != http.StatusOK || made("colleague") != 1 {
		a.t.Errorf("the owner's own form: %d at %s", p.Status, p.URL)
	}
}
