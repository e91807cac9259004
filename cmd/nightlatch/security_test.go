package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/otp"
)

// The checks of docs/security-checks.md that are asked of the program from outside: over HTTP, with SQL to look and to move
// time, and with a stand-in for the provider; of two nodes where it matters. TestSecurityB7 is check B7. Others are
// checked elsewhere: scripts/security/checks.txt says where each is.

// house is an installation served by two processes.
type house struct {
	*installation
	one, two *node
}

func twoNodes(t *testing.T) *house {
	t.Helper()
	in := install(t)
	return &house{in, spawn(t, in.env), spawn(t, in.env)}
}

func oneNode(t *testing.T) *house {
	t.Helper()
	in := install(t)
	n := serving(t, in.env)
	return &house{in, n, n}
}

// like is another browser with the same cookies, at a node.
func (b *browser) like(at string) *browser {
	b.t.Helper()
	other := newBrowser(b.t, at)
	other.client.Jar.SetCookies(mustURL(b.t, at), b.client.Jar.Cookies(mustURL(b.t, b.at)))
	return other
}

// token is the browser's session.
func (b *browser) token() string {
	found := ""
	for _, c := range b.client.Jar.Cookies(mustURL(b.t, b.at)) {
		if c.Name == "__Host-nightlatch" || c.Name == "nightlatch" && found == "" {
			found = c.Value
		}
	}
	return found
}

// bare asks without following redirects, and answers the status and where it leads.
func (b *browser) bare(method, path string, form url.Values, headers ...string) (int, string) {
	b.t.Helper()
	follow := b.client.CheckRedirect
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { b.client.CheckRedirect = follow }()
	p, err := b.try(method, path, form, headers...)
	if err != nil {
		b.t.Fatal(err)
	}
	all := b.seen.list()
	return p.status, all[len(all)-1].location
}

// app gives a user an authenticator app, over the pages, and answers its key. The code of one step ago is used.
func (h *house) app(username string) otp.Secret {
	h.t.Helper()
	h.user(username, "user", "")
	b := newBrowser(h.t, h.one.url)
	b.logIn("ACME", username, password).on("/login/method")
	setup := b.get("/login/app/setup")
	secret := secretOn(h.t, setup)
	setup.press("Verify", "code", appCode(h.t, secret, -1)).on("/settings/me/recovery-codes").press("I have kept these codes").on("/settings/me")
	return secret
}

// entered counts the browsers that got in.
func inside(p *page, err error) bool {
	return err == nil && p.status == http.StatusOK && strings.HasPrefix(p.url.Path, "/settings")
}

func (h *house) node(i int) string { return []string{h.one.url, h.two.url}[i%2] }

func TestSecurityB2(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	secret := h.app("jdoe")
	var waiting []*browser
	for i := range 6 {
		b := newBrowser(t, h.node(i))
		b.logIn("ACME", "jdoe", password).on("/login/app")
		waiting = append(waiting, b)
	}
	code := appCode(t, secret, 0)
	got := make(chan bool, 50)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			b := waiting[i%len(waiting)].like(h.node(i / len(waiting)))
			got <- inside(b.try(http.MethodPost, "/login/app", url.Values{"code": {code}}))
		})
	}
	all.Wait()
	close(got)
	winners := 0
	for in := range got {
		if in {
			winners++
		}
	}
	if levels := h.ask("select count(*) from sessions where level = 2 and methods = '{pwd,otp}' and second_factor_at > now() - interval '1 minute'"); winners != 1 {
		t.Errorf("%d of fifty got in with one code of an app; %s sessions", winners, levels)
	}
	h.exec("delete from factor_failures")
	again := newBrowser(t, h.two.url)
	again.logIn("ACME", "jdoe", password).on("/login/app")
	for _, steps := range []int64{0, -1} {
		if inside(again.try(http.MethodPost, "/login/app", url.Values{"code": {appCode(t, secret, steps)}})) {
			t.Errorf("the code of %d steps from now serves again", steps)
		}
	}
	if !inside(again.try(http.MethodPost, "/login/app", url.Values{"code": {appCode(t, secret, 1)}})) {
		t.Error("the next code does not serve")
	}
}

func TestSecurityB3(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.user("jdoe", "user", itsNumber)
	b := newBrowser(t, h.one.url)
	b.logIn("ACME", "jdoe", password).on("/login/code")
	h.texts(1, 10*time.Second)
	code := h.theCode()
	right, _ := strconv.Atoi(code)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			guess := fmt.Sprintf("%06d", (right+i+1)%1_000_000)
			if i == 120 {
				guess = code
			}
			_, _ = b.like(h.node(i)).try(http.MethodPost, "/login/code", url.Values{"code": {guess}})
		})
	}
	all.Wait()
	if got := h.ask("select max(tries) from challenges"); got != "5" && h.ask("select outcome from challenges order by id limit 1") != "verified" {
		t.Errorf("%s tries were counted", got)
	}
	if got := h.ask("select count(*) from audit_events where action = 'second_factor_refused'"); len(got) > 1 || got > "5" {
		t.Errorf("%s codes were compared", got)
	}
	if got := h.ask("select count(*) from challenges where ended_at is null"); got != "0" {
		t.Errorf("%s challenges live on", got)
	}
	if h.ask("select outcome from challenges order by id limit 1") != "verified" && inside(b.try(http.MethodPost, "/login/code", url.Values{"code": {code}})) {
		t.Error("the right code serves after five tries")
	}
}

func TestSecurityB4(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	for range 30 {
		b := newBrowser(t, h.one.url)
		h.exec("delete from password_failures")
		b.logIn("ACME", "jdoe", password)
		for try := range 4 {
			_, _ = b.try(http.MethodPost, "/login/code", url.Values{"code": {fmt.Sprintf("00000%d", try)}})
			if try == 1 {
				h.exec("update challenges set asked_at = asked_at - interval '31 seconds'")
				_, _ = b.try(http.MethodPost, "/login/resend", nil)
			}
		}
	}
	if n := h.count("select count(*) from audit_events where action = 'second_factor_refused'"); n > 20 || n < 10 {
		t.Errorf("%d codes were compared in 30 log-ins", n)
	}
	time.Sleep(time.Second)
	sent := len(h.sms.Received())
	if sent > 10 {
		t.Errorf("%d messages were sent", sent)
	}
	b := newBrowser(t, h.one.url)
	b.logIn("ACME", "jdoe", password)
	time.Sleep(time.Second)
	if now := len(h.sms.Received()); now != sent {
		t.Error("a message is sent to a user who has to wait")
	}
}

func (in *installation) count(sql string, args ...any) int {
	in.t.Helper()
	n, err := strconv.Atoi(in.ask(sql, args...))
	if err != nil {
		in.t.Fatal(err)
	}
	return n
}

// atCode is a browser of a user who waits on the code page, and the code.
func (h *house) atCode(username string) (*browser, string) {
	h.t.Helper()
	sent := len(h.sms.Received())
	b := newBrowser(h.t, h.one.url)
	b.logIn("ACME", username, password).on("/login/code")
	return b, codeIn(h.t, h.texts(sent+1, 10*time.Second)[sent].Text)
}

func TestSecurityB5(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	b, code := h.atCode("jdoe")
	for range 5 {
		b.post("/login/code", url.Values{"code": {wrongCode(code)}})
	}
	if p := b.post("/login/code", url.Values{"code": {code}}); inside(p, nil) || p.url.Path != "/login" {
		t.Errorf("after five wrong codes the right one leads to %s", p.url)
	}
	b.get("/settings/me").on("/login")
	again, code := h.atCode("jdoe")
	again.enters(code).on("/settings/me")
}

func TestSecurityB6(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.user("jdoe", "user", itsNumber)
	h.user("other", "user", "+31657431290")
	first, codeOfFirst := h.atCode("jdoe")
	second, codeOfSecond := h.atCode("jdoe")
	theirs, codeOfTheirs := h.atCode("other")
	for _, c := range []struct {
		what string
		b    *browser
		code string
	}{{"an earlier log-in's", second, codeOfFirst}, {"a later log-in's", first, codeOfSecond}, {"another user's", first, codeOfTheirs}, {"another user's", theirs, codeOfFirst}} {
		if c.code == codeOfFirst && codeOfFirst == codeOfSecond {
			continue // one in a million
		}
		if inside(c.b.like(h.two.url).try(http.MethodPost, "/login/code", url.Values{"code": {c.code}})) {
			t.Errorf("%s code serves", c.what)
		}
	}
	second.enters(codeOfSecond).on("/settings/me")
	theirs.enters(codeOfTheirs).on("/settings/me")
}

func TestSecurityB7(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	b, code := h.atCode("jdoe")
	h.exec("update challenges set created_at = created_at - interval '301 seconds', expires_at = expires_at - interval '301 seconds'")
	if p := b.post("/login/code", url.Values{"code": {code}}); inside(p, nil) || !strings.Contains(p.text(), "cannot be used any more") {
		t.Errorf("a code of 301 s leads to %s:\n%s", p.url, p.text())
	}
}

func TestSecurityB8(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	b, code := h.atCode("jdoe")
	for range 3 {
		b.post("/login/code", url.Values{"code": {wrongCode(code)}})
	}
	h.exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	b.get("/login/code").press("Resend code").on("/login/code")
	h.texts(2, 10*time.Second)
	if h.theCode() != code {
		t.Error("another code was sent")
	}
	b.post("/login/code", url.Values{"code": {wrongCode(code)}}).says("1 try left")
	b.post("/login/code", url.Values{"code": {wrongCode(code)}})
	if inside(b.try(http.MethodPost, "/login/code", url.Values{"code": {code}})) {
		t.Error("asking again bought tries")
	}
}

func TestSecurityB9(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	b, code := h.atCode("jdoe")
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	for what, form := range map[string]string{
		"full-width digits": "code=" + url.QueryEscape(wide), "a plus": "code=%2B" + code, "seven digits": "code=" + code + "0", "five digits": "code=" + code[:5], "nothing": "code=", "no field": "",
		"null": "code=null", "an array": "code[]=" + code, "an index": "code[0]=" + code, "a fraction": "code=" + code + ".0", "an exponent": "code=" + code + "e0", "hex": "code=0x" + code,
		"a newline": "code=" + code + "%0A", "a tab": "code=%09" + code, "a NUL": "code=" + code + "%00", "JSON": `{"code":"` + code + `"}`, "in the address alone": "", "a wide blank": "code=%E3%80%80" + code, "a minus sign": "code=%E2%88%92" + code,
	} {
		path := "/login/code"
		if what == "in the address alone" {
			path += "?code=" + code
		}
		status, where := b.bareBody(path, form)
		if status >= 500 || status == http.StatusSeeOther && where == "/settings/me" {
			t.Errorf("%s: %d %s", what, status, where)
		}
		if tries := h.ask("select max(tries) from challenges"); tries != "0" {
			t.Fatalf("%s counted as a try", what)
		}
	}
	// Twice the field: the first counts, and it is wrong.
	if status, where := b.bareBody("/login/code", "code="+wrongCode(code)+"&code="+code); where == "/settings/me" || status >= 500 {
		t.Errorf("two codes in one form: %d %s", status, where)
	}
	// As people type it, and as browsers fill it in.
	b.post("/login/code", url.Values{"code": {" " + code[:3] + " " + code[3:] + " "}}).on("/settings/me")
}

// bareBody posts a body as it is.
func (b *browser) bareBody(path, body string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.at+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Location")
}

func TestSecurityB12(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	b, code := h.atCode("jdoe")
	b.enters(code).on("/settings/me")
	h.exec("update sessions set second_factor_at = second_factor_at - interval '601 seconds', password_at = password_at - interval '601 seconds'")
	before := h.ask("select md5(string_agg(m::text, '')) from mobile_numbers m")
	h.exec("insert into sessions (user_id, token_hash, level, address, user_agent, expires_at) select id, sha256('other'), 1, '', '', now() + interval '1 hour' from users where username = 'jdoe'")
	other := h.ask("select max(id) from sessions")
	for _, act := range []struct{ method, path string }{
		{"GET", "/settings/me/number"}, {"POST", "/settings/me/number"}, {"GET", "/settings/me/app"}, {"POST", "/settings/me/app"}, {"POST", "/settings/me/recovery-codes"},
		{"POST", "/settings/me/sessions/end-others"}, {"POST", "/settings/me/sessions/" + other + "/end"},
	} {
		if status, where := b.bare(act.method, act.path, url.Values{"number": {"+31657431299"}, "country": {"NL"}, "code": {"123456"}}); status != http.StatusSeeOther || !strings.HasPrefix(where, "/settings/confirm") {
			t.Errorf("%s %s without a fresh proof answers %d %s", act.method, act.path, status, where)
		}
	}
	if h.ask("select md5(string_agg(m::text, '')) from mobile_numbers m") != before || h.ask("select count(*) from enrolments") != "0" || h.ask("select ended_at is null from sessions where id = "+other) != "true" {
		t.Error("something changed")
	}
	h.exec("insert into authenticators (user_id, secret_ct, last_step) select id, 'x', 0 from users where username = 'jdoe'")
	if _, where := b.bare("POST", "/settings/me/app/remove", nil); !strings.HasPrefix(where, "/settings/confirm") || h.ask("select count(*) from authenticators") != "1" {
		t.Errorf("removing an app without a fresh proof leads to %s", where)
	}
}

// B16: who has the database and no key finds no code in it, however it is hashed with whatever stands beside it. The right
// code is known here, so that one try stands for all million.
func TestSecurityB16(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	_, code := h.atCode("jdoe")
	var mac, sealed []byte
	if err := h.pool.QueryRow(context.Background(), "select code_mac, code_ct from challenges").Scan(&mac, &sealed); err != nil {
		t.Fatal(err)
	}
	var columns []string
	err := h.pool.QueryRow(context.Background(), `select array_agg(distinct value) from (
		select value from challenges c, jsonb_each_text(to_jsonb(c)) union all select value from sessions s, jsonb_each_text(to_jsonb(s))
		union all select value from users u, jsonb_each_text(to_jsonb(u)) union all select value from installation i, jsonb_each_text(to_jsonb(i))
		union all select value from messages m, jsonb_each_text(to_jsonb(m))) v where value is not null`).Scan(&columns)
	if err != nil {
		t.Fatal(err)
	}
	salts := append([]string{""}, columns...)
	for _, c := range columns {
		salts = append(salts, strings.TrimPrefix(c, `\x`))
	}
	hashes := map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New}
	tried := 0
	for name, make := range hashes {
		for _, salt := range salts {
			for _, text := range []string{code + salt, salt + code, code + ":" + salt, salt + ":" + code, fmt.Sprintf("%d:%s%s", len(salt), salt, code)} {
				plain := make()
				plain.Write([]byte(text))
				keyed := hmac.New(make, []byte(salt))
				keyed.Write([]byte(code))
				other := hmac.New(make, []byte(code))
				other.Write([]byte(salt))
				for _, sum := range [][]byte{plain.Sum(nil), keyed.Sum(nil), other.Sum(nil)} {
					tried++
					if bytes.Equal(sum, mac) || bytes.HasPrefix(mac, sum) {
						t.Errorf("the stored MAC is %s of the code with %q", name, salt)
					}
				}
			}
		}
	}
	if tried < 1000 || len(mac) != 32 || bytes.Contains(sealed, []byte(code)) {
		t.Errorf("%d ways were tried on a MAC of %d bytes", tried, len(mac))
	}
}

func TestSecurityB23(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	rotated := func(i int) []string {
		ip := fmt.Sprintf("198.51.100.%d", i)
		return []string{"X-Forwarded-For", ip, "X-Real-IP", ip, "Forwarded", "for=" + ip, "True-Client-IP", ip, "CF-Connecting-IP", ip, "X-Client-IP", ip, "X_Forwarded_For", ip}
	}
	delayed := 0
	for i := range 10 {
		p, err := newBrowser(t, h.one.url).try(http.MethodPost, "/login", url.Values{"office": {"ACME"}, "username": {"jdoe"}, "password": {"wrong"}}, rotated(i)...)
		if err != nil {
			t.Fatal(err)
		}
		if p.status == http.StatusTooManyRequests {
			delayed++
		}
	}
	if rows := h.ask("select count(*) from password_failures"); delayed < 2 || rows != "1" {
		t.Errorf("%d of ten wrong passwords were delayed, on %s counters", delayed, rows)
	}
	h.exec("delete from password_failures")
	b, code := h.atCode("jdoe")
	for i := range 5 {
		_, _ = b.try(http.MethodPost, "/login/code", url.Values{"code": {wrongCode(code)}}, rotated(i)...)
		_, _ = b.try(http.MethodPost, "/login/resend", nil, rotated(i)...)
	}
	if inside(b.try(http.MethodPost, "/login/code", url.Values{"code": {code}}, rotated(99)...)) {
		t.Error("another address bought tries")
	}
	if n := len(h.sms.Received()); n != 1 {
		t.Errorf("%d messages were sent", n)
	}
	for _, strange := range []string{"a", "", "a, b, c", "127.0.0.1", "::1", strings.Repeat("1.1.1.1, ", 500), "' or 1=1"} {
		if p, err := newBrowser(t, h.one.url).try(http.MethodGet, "/settings/me", nil, "X-Forwarded-For", strange); err != nil || p.url.Path != "/login" {
			t.Errorf("X-Forwarded-For: %q leads to %v (%v)", strange, p.url, err)
		}
	}
	if n := h.ask("select count(*) from audit_events where address like '198.51.%'"); n != "0" {
		t.Errorf("%s events have an address that a header claimed", n)
	}
}

// from is a browser at an address of this machine.
func from(t testing.TB, at, address string) *browser {
	t.Helper()
	b := newBrowser(t, at)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	b.client.Transport = &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2}
	return b
}

// B24: a lock-out is no weapon. A thousand wrong passwords for one user come from fifty addresses, over both nodes.
func TestSecurityB24(t *testing.T) {
	t.Parallel()
	in := install(t)
	// By number: localhost may be ::1, which has one address only.
	in.env["NIGHTLATCH_ADDR"] = "127.0.0.1:0"
	h := &house{in, spawn(t, in.env), spawn(t, in.env)}
	h.user("jdoe", "user", itsNumber)
	known, code := h.atCode("jdoe")
	known.enters(code).on("/settings/me")
	known.get("/settings/me").press("Log out").on("/login")

	var all sync.WaitGroup
	wrong := url.Values{"office": {"ACME"}, "username": {"jdoe"}, "password": {"wrong password"}}
	for i := range 50 {
		b := from(t, h.node(i), fmt.Sprintf("127.0.0.%d", 10+i))
		all.Go(func() {
			for range 20 {
				if p, err := b.try(http.MethodPost, "/login", wrong); err != nil || p.status != http.StatusUnprocessableEntity && p.status != http.StatusTooManyRequests && p.status != http.StatusServiceUnavailable {
					t.Errorf("a wrong password is answered with %v, %v", p, err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := h.ask("select count(distinct address) from audit_events where action = 'sign_in_refused'"); n == "0" || n == "1" {
		t.Errorf("the wrong passwords were noted from %s addresses", n)
	}

	began := time.Now()
	known.logIn("ACME", "jdoe", password).on("/login/code")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the known browser took %s", took)
	}
	fresh := newBrowser(t, h.two.url)
	p := fresh.logIn("ACME", "jdoe", password)
	if p.status == http.StatusTooManyRequests {
		shown := regexp.MustCompile(`([0-9]+) seconds?`).FindStringSubmatch(p.text())
		if shown == nil {
			t.Fatalf("no wait is shown:\n%s", p.text())
		}
		seconds, _ := strconv.Atoi(shown[1])
		if seconds > 60 || strings.Contains(p.text(), "locked") {
			t.Fatalf("a new browser is told:\n%s", p.text())
		}
		t.Logf("a new browser has to wait %d s", seconds)
		time.Sleep(time.Duration(seconds) * time.Second)
		p = fresh.logIn("ACME", "jdoe", password)
	}
	p.on("/login/code")
}

func TestSecurityB25(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	twins := []struct{ office, username string }{
		{"ACME", "jdoe"}, {"acme", "JDOE"}, {" Acme ", "jdoe "}, {"ＡＣＭＥ", "ｊｄｏｅ"}, {"ACME", "jd\u200boe"}, {"ACME", "jdoe\u00ad"}, {"ACME", "\tjdoe"}, {"ACME", "jdo\u0065"}, {"ACME", "Jdoe"}, {"aCmE", "jDoE"},
	}
	refused, delayed := 0, 0
	for _, twin := range twins {
		p := newBrowser(t, h.one.url).post("/login", url.Values{"office": {twin.office}, "username": {twin.username}, "password": {"wrong"}})
		switch p.status {
		case http.StatusUnprocessableEntity:
			refused++
		case http.StatusTooManyRequests:
			delayed++
		}
	}
	ours := h.ask("select in_a_row from password_failures where account = 'ACME/jdoe'")
	rows := h.ask("select count(*) from password_failures")
	t.Logf("%d were compared, %d delayed, %s rows", refused, delayed, rows)
	if rows != "1" && rows != "3" {
		// What is invisible is another name, or none: it must not be jdoe's twin with a counter of its own.
		t.Errorf("%s counters for ten spellings: %s", rows, h.ask("select string_agg(account, ' | ') from password_failures"))
	}
	if ours == "" || delayed < 2 {
		t.Errorf("the counter of jdoe is %q, and %d of ten tries were delayed", ours, delayed)
	}
	// No spelling with a counter of its own is let in.
	for _, name := range []string{"jd\u200boe", "jdoe\u00ad"} {
		h.exec("delete from password_failures")
		p := newBrowser(t, h.one.url).post("/login", url.Values{"office": {"ACME"}, "username": {name}, "password": {password}})
		if p.url.Path == "/login/code" && h.ask("select count(*) from password_failures where account <> 'ACME/jdoe'") != "0" {
			t.Errorf("%q signs in as jdoe, under another counter", name)
		}
	}
}

// B26: unknown office, unknown user, disabled user and wrong password look alike, to the byte and to the clock.
func TestSecurityB26(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	h.user("gone", "user", "")
	h.exec("update users set disabled_at = now() where username = 'gone'")
	kinds := []struct{ name, office, username, password string }{
		{"wrong password", "ACME", "jdoe", "wrong-password"}, {"unknown user", "ACME", "nope", "wrong-password"},
		{"unknown office", "EMCA", "jdoe", "wrong-password"}, {"disabled user's right password", "ACME", "gone", password},
	}
	b := newBrowser(t, h.one.url)
	b.get("/login")
	first, busy := "", 0
	sample := func(rounds int) map[string][]float64 {
		took, until := map[string][]float64{}, time.Now().Add(samplePatience)
		for round := range rounds {
			if round >= 50 && time.Now().After(until) {
				break // a busy machine: what there is has to do
			}
			h.exec("delete from password_failures")
			for _, k := range kinds {
				form := url.Values{"office": {k.office}, "username": {k.username}, "password": {k.password}}
				began := time.Now()
				res, err := b.client.PostForm(b.at+"/login", form)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if res.StatusCode == http.StatusServiceUnavailable && busy < 10 {
					busy++ // a machine that has too much to do says so to anybody
					continue
				}
				took[k.name] = append(took[k.name], float64(time.Since(began).Microseconds())/1000)
				text := strings.NewReplacer(k.office, "OFFICE", k.username, "USER").Replace(string(body))
				res.Header.Del("Date")
				shape := fmt.Sprintf("%d %d %v %s", res.StatusCode, len(body), res.Header, text)
				if first == "" {
					first = shape
				}
				if shape != first {
					t.Fatalf("%s is answered otherwise:\n%s\n%s", k.name, shape, first)
				}
			}
		}
		return took
	}
	sample(5) // warm
	told := ""
	for range 2 { // a busy machine may have its moods: they do not come twice
		told = ""
		took := sample(200)
		for _, k := range kinds[1:] {
			p, gap := rankTest(took[kinds[0].name], took[k.name]), math.Abs(median(took[kinds[0].name])-median(took[k.name]))
			t.Logf("%s: %d samples, p %.3f, medians %.2f ms apart", k.name, len(took[k.name]), p, gap)
			if p < 0.01 && gap > 5 {
				told += fmt.Sprintf("%s: p %.4f, %.1f ms; ", k.name, p, gap)
			}
		}
		if told == "" {
			return
		}
	}
	t.Errorf("the clock tells who is a user: %s", told)
}

// samplePatience is for 200 rounds of four hashes on a machine that has other things to do.
const samplePatience = 90 * time.Second

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

// rankTest is the two-sided p of Mann and Whitney, by the normal approximation: good from 20 samples on.
func rankTest(a, b []float64) float64 {
	u := 0.0
	for _, x := range a {
		for _, y := range b {
			if x > y {
				u++
			} else if x == y {
				u += 0.5
			}
		}
	}
	n, m := float64(len(a)), float64(len(b))
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

func TestSecurityB27(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.user("jdoe", "user", itsNumber)
	b, code := h.atCode("jdoe")
	for _, path := range []string{"/login/resend", "/login/send"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if status, _ := b.bare(method, path, nil); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s answers %d", method, path, status)
			}
		}
	}
	for range 20 {
		_, _ = b.try(http.MethodPost, "/login/resend", nil)
	}
	time.Sleep(time.Second)
	if n := len(h.sms.Received()); n != 1 {
		t.Fatalf("twenty times asked at once, %d messages", n)
	}
	h.exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { _, _ = b.like(h.node(i)).try(http.MethodPost, "/login/resend", nil) })
	}
	all.Wait()
	time.Sleep(1500 * time.Millisecond)
	if n := len(h.sms.Received()); n != 2 {
		t.Errorf("ten at once, when one was due, made %d messages", n)
	}
	for range 5 {
		h.exec("update challenges set asked_at = asked_at - interval '61 seconds'")
		_, _ = b.try(http.MethodPost, "/login/resend", nil)
		time.Sleep(300 * time.Millisecond)
	}
	if n := h.ask("select max(sends_asked) from challenges"); n != "3" {
		t.Errorf("a challenge has %s messages", n)
	}
	if n := len(h.sms.Received()); n > 5 {
		t.Errorf("%d messages in all", n)
	}
	_ = code
}

func TestSecurityB29(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.user("jdoe", "user", itsNumber)
	// A planted cookie is not taken up.
	b := newBrowser(t, h.one.url)
	planted := strings.Repeat("A", 43)
	b.client.Jar.SetCookies(mustURL(t, b.at), []*http.Cookie{
		{Name: "nightlatch", Value: planted, Path: "/"}, {Name: "__Host-nightlatch", Value: planted, Path: "/", Secure: true},
	})
	b.logIn("ACME", "jdoe", password).on("/login/code")
	afterPassword := b.token()
	pending := b.like(b.at)
	code := codeIn(t, h.texts(1, 10*time.Second)[0].Text)
	b.enters(code).on("/settings/me")
	afterCode := b.token()
	before := b.like(b.at)
	h.exec("update sessions set second_factor_at = second_factor_at - interval '11 minutes' where level = 2")
	b.get("/settings/confirm").press("Send code").on("/settings/confirm/code").press("Verify", "code", codeIn(t, h.texts(2, 10*time.Second)[1].Text))
	afterProof := b.token()
	kept := b.like(b.at)
	b.get("/settings/me").on("/settings/me").press("Log out").on("/login")
	tokens := []string{planted, afterPassword, afterCode, afterProof}
	if b.token() == afterProof {
		t.Error("logging out leaves the token with the browser")
	}
	for i, a := range tokens {
		for j := range i {
			if a == tokens[j] {
				t.Errorf("step %d has the token of step %d", i, j)
			}
		}
	}
	for what, old := range map[string]*browser{"of the password": pending, "before the fresh proof": before, "of a session that was logged out": kept} {
		old.get("/settings/me").on("/login")
		if p := old.post("/login/code", url.Values{"code": {code}}); p.url.Path != "/login" {
			t.Errorf("the token %s leads to %s", what, p.url)
		}
	}
	if len(afterPassword) != 43 {
		t.Errorf("a token has %d characters", len(afterPassword))
	}
}

func TestSecurityB32(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.user("boss", "superuser", "+31687654321")
	h.user("jdoe", "superuser", itsNumber)
	boss, code := h.atCode("boss")
	boss.enters(code).on("/settings/me")
	in := func() *browser {
		b, code := h.atCode("jdoe")
		b.enters(code).on("/settings/me")
		return b.like(h.two.url)
	}
	b := in()
	b.get("/settings/office/history").on("/settings/office/history")
	h.exec("update users set role = 'user' where username = 'jdoe'")
	if p := b.get("/settings/office/history"); p.status != http.StatusForbidden {
		t.Errorf("the lowered role still sees the history: %d", p.status)
	}
	if p := b.get("/settings/users"); p.status != http.StatusForbidden {
		t.Errorf("the lowered role still sees users: %d", p.status)
	}
	id := h.ask("select id from users where username = 'jdoe'")
	boss.get("/settings/users/" + id + "/reset").press("Yes, reset the second factor")
	b.get("/settings/me").on("/login")

	h.exec("insert into mobile_numbers (user_id, number, country, confirmed_at) select id, '+31612345678', 'NL', now() from users where username = 'jdoe' on conflict (user_id) do update set confirmed_at = now()")
	b = in()
	h.exec("update users set disabled_at = now() where username = 'jdoe'")
	b.get("/settings/me").on("/login")
	h.exec("update users set disabled_at = null where username = 'jdoe'")

	// The office's setting, switched on by one while the other is in with a password alone.
	h.exec("update offices set two_factor_required = false; update sessions set ended_at = now()")
	one, two := newBrowser(t, h.one.url), newBrowser(t, h.two.url)
	one.logIn("ACME", "boss", password).on("/settings/me")
	two.logIn("ACME", "jdoe", password).on("/settings/me")
	one.get("/settings/office/general").press("No").press("Save").press("Yes, activate this setting")
	if p := two.get("/settings/me"); p.url.Path != "/login/code" {
		t.Errorf("on the next request the other node shows %s", p.url)
	}
}

func TestSecurityB33(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	for role, idle := range map[string]int{"user": 30, "superuser": 15} {
		h.user("a"+role, role, "+3161111111"+fmt.Sprint(idle%10))
		b, code := h.atCode("a" + role)
		b.enters(code).on("/settings/me")
		who := "user_id = (select id from users where username = 'a" + role + "')"
		h.exec(fmt.Sprintf("update sessions set last_seen_at = now() - interval '%d minutes' where %s", idle-1, who))
		b.get("/settings/me").on("/settings/me")
		if hours := h.ask("select round(extract(epoch from expires_at - now()) / 3600) from sessions where ended_at is null and " + who); hours != map[string]string{"user": "12", "superuser": "8"}[role] {
			t.Errorf("a %s's session lasts %s hours", role, hours)
		}
		h.exec(fmt.Sprintf("update sessions set last_seen_at = now() - interval '%d minutes 1 second' where %s", idle, who))
		b.get("/settings/me").on("/login")
		b, code = h.atCode("a" + role)
		b.enters(code).on("/settings/me")
		h.exec("update sessions set expires_at = now() where " + who)
		b.get("/settings/me").on("/login")
		if b.token() == "" {
			t.Error("the cookie was gone already")
		}
	}
	pending, code := h.atCode("auser")
	h.exec("update sessions set expires_at = expires_at - interval '10 minutes' where level = 1")
	if inside(pending.try(http.MethodPost, "/login/code", url.Values{"code": {code}})) {
		t.Error("a pending log-in of more than ten minutes is finished")
	}
}

// B44: the key of an app, once it is set up, is nowhere again.
func TestSecurityB44(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	secret := h.app("jdoe")
	b := newBrowser(t, h.one.url)
	b.logIn("ACME", "jdoe", password).on("/login/app").press("Verify", "code", appCode(t, secret, 0)).on("/settings/me")
	grouped := regexp.MustCompile(`(.{4})`).ReplaceAllString(string(secret), "$1 ")
	for _, path := range []string{
		"/settings/me", "/settings/me/app", "/settings/me/number", "/settings/me/recovery-codes", "/settings/me/recovery-codes.txt", "/settings/confirm", "/settings/confirm/ways", "/settings/confirm/code",
		"/settings/office/general", "/settings/users", "/settings/users/1", "/login/app/setup", "/login/app", "/demo/phone",
	} {
		p := b.get(path)
		body := strings.Join(strings.Fields(p.body), " ")
		if strings.Contains(strings.ReplaceAll(body, " ", ""), string(secret)) || strings.Contains(body, strings.TrimSpace(grouped)) {
			t.Errorf("%s shows the key of the app", path)
		}
	}
	res, err := b.client.Get(h.one.url + "/settings/me/app")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page of an app may be kept: %q", res.Header.Get("Cache-Control"))
	}
	for _, e := range b.seen.list() {
		if strings.Contains(e.body, "hx-history-elt") || strings.Contains(e.path+e.query, string(secret)) {
			t.Errorf("%s", e.path)
		}
	}
}

// B45: what speaks something else than HTTP, or asks for what is not there, gets a short answer and no trace.
func TestSecurityB45(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	at := mustURL(t, h.one.url).Host
	for _, raw := range []string{
		"TRACE / HTTP/1.1\r\nHost: x\r\nX-Evil: evil\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://evil.example/settings/me HTTP/1.1\r\nHost: evil.example\r\n\r\n", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nevil=", "POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nevil", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("x", 40_000) + "\r\n\r\n",
		"GET /static/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /static/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "GET /debug/pprof/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /debug/vars HTTP/1.1\r\nHost: x\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "GET /.env HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		conn, err := net.DialTimeout("tcp", at, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(8 * time.Second))
		_, _ = io.WriteString(conn, raw)
		name := raw[:min(len(raw), 40)]
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			body, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
			if res.StatusCode >= 500 && res.StatusCode != http.StatusHTTPVersionNotSupported && res.StatusCode != http.StatusNotImplemented {
				t.Errorf("%q is answered with %d", name, res.StatusCode)
			}
			for _, trace := range []string{"goroutine", ".go:", "panic", "evil", "root:", "Index of", "pgx"} {
				if strings.Contains(string(body), trace) {
					t.Errorf("%q is answered with %q in it", name, trace)
				}
			}
			if res.StatusCode == http.StatusOK && !strings.HasPrefix(raw, "OPTIONS") {
				t.Errorf("%q is answered with 200", name)
			}
		}
		_ = conn.Close()
	}
	newBrowser(t, h.one.url).get("/login").on("/login") // it goes on
}
