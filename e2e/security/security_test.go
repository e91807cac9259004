package security

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
	"math/rand/v2"
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

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/otp"
)

// The checks of docs/security-checks.md that are asked of the program from outside: over HTTP, with SQL to look and to
// move time, and with a stand-in for the provider; of two nodes where it matters. TestSecurityB7 is check B7. Others
// are checked elsewhere: scripts/security/checks.txt says where each is.

// house is an installation served by two processes.
type house struct {
	*program.Installation
	one, two *program.Node
}

func twoNodes(t *testing.T) *house {
	t.Helper()
	in := program.Install(t)
	return &house{in, program.Spawn(t, in.Env), program.Spawn(t, in.Env)}
}

func oneNode(t *testing.T) *house {
	t.Helper()
	in := program.Install(t)
	n := program.Spawn(t, in.Env)
	return &house{in, n, n}
}

// app gives a user an authenticator app, over the pages, and answers its key. The code of one step ago is used.
func (h *house) app(username string) otp.Secret {
	h.T.Helper()
	h.User(username, "user", "")
	b := program.NewBrowser(h.T, h.one.URL)
	b.LogIn("ACME", username, program.Password).On("/login/method")
	setup := b.Get("/login/app/setup")
	secret := program.SecretOn(h.T, setup)
	setup.Press("Verify", "code", program.AppCode(h.T, secret, -1)).On("/settings/me/recovery-codes").Press(
		"I have kept these codes").On("/settings/me")
	return secret
}

// entered counts the browsers that got in.
func inside(p *program.Page, err error) bool {
	return err == nil && p.Status == http.StatusOK && strings.HasPrefix(p.URL.Path, "/settings")
}

func (h *house) node(i int) string { return []string{h.one.URL, h.two.URL}[i%2] }

func TestSecurityB2(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	secret := h.app("jdoe")
	var waiting []*program.Browser
	for i := range 6 {
		b := program.NewBrowser(t, h.node(i))
		b.LogIn("ACME", "jdoe", program.Password).On("/login/app")
		waiting = append(waiting, b)
	}
	former, code := program.AppCode(t, secret, -1), program.AppCode(t, secret, 0)
	got := make(chan bool, 50)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			b := waiting[i%len(waiting)].Like(h.node(i / len(waiting)))
			got <- inside(b.Try(http.MethodPost, "/login/app", url.Values{"code": {code}}))
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
	if levels := h.Ask("select count(*) from sessions where level = 2 and methods = '{pwd,otp}' and second_factor_at > " +
		"now() - interval '1 minute'"); winners != 1 {
		t.Errorf("%d of fifty got in with one code of an app; %s sessions", winners, levels)
	}
	h.Exec("delete from factor_failures")
	again := program.NewBrowser(t, h.two.URL)
	again.LogIn("ACME", "jdoe", program.Password).On("/login/app")
	for what, used := range map[string]string{"the code that served": code, "the one before it": former} {
		if inside(again.Try(http.MethodPost, "/login/app", url.Values{"code": {used}})) {
			t.Errorf("%s serves again", what)
		}
	}
	if !inside(again.Try(http.MethodPost, "/login/app", url.Values{"code": {program.AppCode(t, secret, 1)}})) {
		t.Error("the next code does not serve")
	}
}

func TestSecurityB3(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.User("jdoe", "user", program.ItsNumber)
	b := program.NewBrowser(t, h.one.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	h.Texts(1, 10*time.Second)
	code := h.TheCode()
	right, _ := strconv.Atoi(code)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			guess := fmt.Sprintf("%06d", (right+i+1)%1_000_000)
			if i == 120 {
				guess = code
			}
			_, _ = b.Like(h.node(i)).Try(http.MethodPost, "/login/code", url.Values{"code": {guess}})
		})
	}
	all.Wait()
	if got := h.Ask("select max(tries) from challenges"); got != "5" &&
		h.Ask("select outcome from challenges order by id limit 1") != "verified" {
		t.Errorf("%s tries were counted", got)
	}
	if got := h.Ask("select count(*) from audit_events where action = 'second_factor_refused'"); len(got) > 1 ||
		got > "5" {
		t.Errorf("%s codes were compared", got)
	}
	if got := h.Ask("select count(*) from challenges where ended_at is null"); got != "0" {
		t.Errorf("%s challenges live on", got)
	}
	if h.Ask("select outcome from challenges order by id limit 1") != "verified" &&
		inside(b.Try(http.MethodPost, "/login/code", url.Values{"code": {code}})) {
		t.Error("the right code serves after five tries")
	}
}

func TestSecurityB4(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	for range 30 {
		b := program.NewBrowser(t, h.one.URL)
		h.Exec("delete from password_failures")
		b.LogIn("ACME", "jdoe", program.Password)
		for try := range 4 {
			_, _ = b.Try(http.MethodPost, "/login/code", url.Values{"code": {fmt.Sprintf("00000%d", try)}})
			if try == 1 {
				h.Exec("update challenges set asked_at = asked_at - interval '31 seconds'")
				_, _ = b.Try(http.MethodPost, "/login/resend", nil)
			}
		}
	}
	if n := h.Count("select count(*) from audit_events where action = 'second_factor_refused'"); n > 20 || n < 10 {
		t.Errorf("%d codes were compared in 30 log-ins", n)
	}
	time.Sleep(time.Second)
	sent := len(h.SMS.Received())
	if sent > 10 {
		t.Errorf("%d messages were sent", sent)
	}
	b := program.NewBrowser(t, h.one.URL)
	b.LogIn("ACME", "jdoe", program.Password)
	time.Sleep(time.Second)
	if now := len(h.SMS.Received()); now != sent {
		t.Error("a message is sent to a user who has to wait")
	}
}

// atCode is a browser of a user who waits on the code page, and the code.
func (h *house) atCode(username string) (*program.Browser, string) {
	h.T.Helper()
	sent := len(h.SMS.Received())
	b := program.NewBrowser(h.T, h.one.URL)
	b.LogIn("ACME", username, program.Password).On("/login/code")
	return b, program.CodeIn(h.T, h.Texts(sent+1, 10*time.Second)[sent].Text)
}

func TestSecurityB5(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	b, code := h.atCode("jdoe")
	for range 5 {
		b.Post("/login/code", url.Values{"code": {program.WrongCode(code)}})
	}
	if p := b.Post("/login/code", url.Values{"code": {code}}); inside(p, nil) || p.URL.Path != "/login" {
		t.Errorf("after five wrong codes the right one leads to %s", p.URL)
	}
	b.Get("/settings/me").On("/login")
	again, code := h.atCode("jdoe")
	again.Enters(code).On("/settings/me")
}

func TestSecurityB6(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.User("jdoe", "user", program.ItsNumber)
	h.User("other", "user", "+31657431290")
	first, codeOfFirst := h.atCode("jdoe")
	second, codeOfSecond := h.atCode("jdoe")
	theirs, codeOfTheirs := h.atCode("other")
	for _, c := range []struct {
		what string
		b    *program.Browser
		code string
	}{{"an earlier log-in's", second, codeOfFirst}, {"a later log-in's", first, codeOfSecond},
		{"another user's", first, codeOfTheirs}, {"another user's", theirs, codeOfFirst}} {
		if c.code == codeOfFirst && codeOfFirst == codeOfSecond {
			continue // one in a million
		}
		if inside(c.b.Like(h.two.URL).Try(http.MethodPost, "/login/code", url.Values{"code": {c.code}})) {
			t.Errorf("%s code serves", c.what)
		}
	}
	second.Enters(codeOfSecond).On("/settings/me")
	theirs.Enters(codeOfTheirs).On("/settings/me")
}

func TestSecurityB7(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	b, code := h.atCode("jdoe")
	h.Exec("update challenges set created_at = created_at - interval '301 seconds', expires_at = expires_at - interval " +
		"'301 seconds'")
	if p := b.Post("/login/code", url.Values{"code": {code}}); inside(p, nil) ||
		!strings.Contains(p.Text(), "cannot be used any more") {
		t.Errorf("a code of 301 s leads to %s:\n%s", p.URL, p.Text())
	}
}

func TestSecurityB8(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	b, code := h.atCode("jdoe")
	for range 3 {
		b.Post("/login/code", url.Values{"code": {program.WrongCode(code)}})
	}
	h.Exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	b.Get("/login/code").Press("Resend code").On("/login/code")
	h.Texts(2, 10*time.Second)
	if h.TheCode() != code {
		t.Error("another code was sent")
	}
	b.Post("/login/code", url.Values{"code": {program.WrongCode(code)}}).Says("1 try left")
	b.Post("/login/code", url.Values{"code": {program.WrongCode(code)}})
	if inside(b.Try(http.MethodPost, "/login/code", url.Values{"code": {code}})) {
		t.Error("asking again bought tries")
	}
}

func TestSecurityB9(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	b, code := h.atCode("jdoe")
	for what, form := range map[string]string{
		"seven digits": "code=" + code + "0", "five digits": "code=" + code[:5], "nothing": "code=", "no field": "",
		"null": "code=null", "an array": "code[]=" + code, "an index": "code[0]=" + code, "letters": "code=abcdef",
		"two codes": "code=" + code + "+" + program.WrongCode(code), "a NUL": "code=" + code + "%00",
		"JSON": `{"code":"` + code + `"}`, "in the address alone": "",
	} {
		path := "/login/code"
		if what == "in the address alone" {
			path += "?code=" + code
		}
		status, where := b.BareBody(path, form)
		if status >= 500 || status == http.StatusSeeOther && where == "/settings/me" {
			t.Errorf("%s: %d %s", what, status, where)
		}
		if tries := h.Ask("select max(tries) from challenges"); tries != "0" {
			t.Fatalf("%s counted as a try", what)
		}
	}
	// Twice the field: the first counts, and it is wrong.
	if status, where := b.BareBody("/login/code", "code="+program.WrongCode(code)+"&code="+
		code); where == "/settings/me" || status >= 500 {
		t.Errorf("two codes in one form: %d %s", status, where)
	}
	// As people type it, and as browsers fill it in.
	b.Post("/login/code", url.Values{"code": {" " + code[:3] + " " + code[3:] + " "}}).On("/settings/me")
}

func TestSecurityB12(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	b, code := h.atCode("jdoe")
	b.Enters(code).On("/settings/me")
	h.Exec("update sessions set second_factor_at = second_factor_at - interval '601 seconds', password_at = password_at " +
		"- interval '601 seconds'")
	before := h.Ask("select md5(string_agg(m::text, '')) from mobile_numbers m")
	h.Exec("insert into sessions (user_id, token_hash, level, address, user_agent, expires_at) select id, " +
		"sha256('other'), 1, '', '', now() + interval '1 hour' from users where username = 'jdoe'")
	other := h.Ask("select max(id) from sessions")
	for _, act := range []struct{ method, path string }{
		{"GET", "/settings/me/number"}, {"POST", "/settings/me/number"}, {"GET", "/settings/me/app"},
		{"POST", "/settings/me/app"}, {"POST", "/settings/me/recovery-codes"},
		{"POST", "/settings/me/sessions/end-others"}, {"POST", "/settings/me/sessions/" + other + "/end"},
	} {
		if status, where := b.Bare(act.method, act.path, url.Values{"number": {"+31657431299"}, "country": {"NL"},
			"code": {"123456"}}); status != http.StatusSeeOther || !strings.HasPrefix(where, "/settings/confirm") {
			t.Errorf("%s %s without a fresh proof answers %d %s", act.method, act.path, status, where)
		}
	}
	if h.Ask("select md5(string_agg(m::text, '')) from mobile_numbers m") != before ||
		h.Ask("select count(*) from enrolments") != "0" ||
		h.Ask("select ended_at is null from sessions where id = "+other) != "true" {
		t.Error("something changed")
	}
	h.Exec("insert into authenticators (user_id, secret_ct, last_step) select id, 'x', 0 from users where username = " +
		"'jdoe'")
	if _, where := b.Bare("POST", "/settings/me/app/remove", nil); !strings.HasPrefix(where, "/settings/confirm") ||
		h.Ask("select count(*) from authenticators") != "1" {
		t.Errorf("removing an app without a fresh proof leads to %s", where)
	}
}

// B16: who has the database and no key finds no code in it, however it is hashed with whatever stands beside it. The
// right code is known here, so that one try stands for all million.
func TestSecurityB16(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	_, code := h.atCode("jdoe")
	var mac, sealed []byte
	if err := h.Pool.QueryRow(context.Background(), "select code_mac, code_ct from challenges").Scan(&mac,
		&sealed); err != nil {
		t.Fatal(err)
	}
	var columns []string
	err := h.Pool.QueryRow(context.Background(), `select array_agg(distinct value) from (
		select value from challenges c, jsonb_each_text(to_jsonb(c)) union all select value
			from sessions s, jsonb_each_text(to_jsonb(s))
		union all select value from users u, jsonb_each_text(to_jsonb(u)) union all select value
			from installation i, jsonb_each_text(to_jsonb(i))
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
			for _, text := range []string{code + salt, salt + code, code + ":" + salt, salt + ":" + code,
				fmt.Sprintf("%d:%s%s", len(salt), salt, code)} {
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
	h.User("jdoe", "user", program.ItsNumber)
	rotated := func(i int) []string {
		ip := fmt.Sprintf("198.51.100.%d", i)
		return []string{
			"X-Forwarded-For", ip, "X-Real-IP", ip, "Forwarded", "for=" + ip, "True-Client-IP", ip, "CF-Connecting-IP", ip,
			"X-Client-IP", ip, "X_Forwarded_For", ip,
		}
	}
	delayed := 0
	for i := range 10 {
		p, err := program.NewBrowser(t, h.one.URL).Try(http.MethodPost, "/login", url.Values{
			"office": {"ACME"}, "username": {"jdoe"}, "password": {"wrong"},
		}, rotated(i)...)
		if err != nil {
			t.Fatal(err)
		}
		if p.Status == http.StatusTooManyRequests {
			delayed++
		}
	}
	// One of the name, and one of the only network there was.
	if rows := h.Ask("select count(*) from password_failures"); delayed < 2 || rows != "2" {
		t.Errorf("%d of ten wrong passwords were delayed, on %s counters", delayed, rows)
	}
	h.Exec("delete from password_failures")
	b, code := h.atCode("jdoe")
	for i := range 5 {
		_, _ = b.Try(http.MethodPost, "/login/code", url.Values{"code": {program.WrongCode(code)}}, rotated(i)...)
		_, _ = b.Try(http.MethodPost, "/login/resend", nil, rotated(i)...)
	}
	if inside(b.Try(http.MethodPost, "/login/code", url.Values{"code": {code}}, rotated(99)...)) {
		t.Error("another address bought tries")
	}
	if n := len(h.SMS.Received()); n != 1 {
		t.Errorf("%d messages were sent", n)
	}
	for _, strange := range []string{"a", "", "a, b, c", "127.0.0.1", "::1", strings.Repeat("1.1.1.1, ", 500),
		"' or 1=1"} {
		if p, err := program.NewBrowser(t, h.one.URL).Try(http.MethodGet, "/settings/me", nil, "X-Forwarded-For",
			strange); err != nil || p.URL.Path != "/login" {
			t.Errorf("X-Forwarded-For: %q leads to %v (%v)", strange, p.URL, err)
		}
	}
	if n := h.Ask("select count(*) from audit_events where address like '198.51.%'"); n != "0" {
		t.Errorf("%s events have an address that a header claimed", n)
	}
}

// from is a browser at an address of this machine.
func from(t testing.TB, at, address string) *program.Browser {
	t.Helper()
	b := program.NewBrowser(t, at)
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	b.Client.Transport = &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2}
	return b
}

// B24: a lock-out is no weapon. A thousand wrong passwords for one user come from fifty addresses, over both nodes.
func TestSecurityB24(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	// By number: localhost may be ::1, which has one address only.
	in.Env["NIGHTLATCH_ADDR"] = "127.0.0.1:0"
	h := &house{in, program.Spawn(t, in.Env), program.Spawn(t, in.Env)}
	h.User("jdoe", "user", program.ItsNumber)
	known, code := h.atCode("jdoe")
	known.Enters(code).On("/settings/me")
	known.Get("/settings/me").Press("Log out").On("/login")

	var all sync.WaitGroup
	wrong := url.Values{"office": {"ACME"}, "username": {"jdoe"}, "password": {"wrong password"}}
	for i := range 50 {
		b := from(t, h.node(i), fmt.Sprintf("127.0.0.%d", 10+i))
		all.Go(func() {
			for range 20 {
				if p, err := b.Try(http.MethodPost, "/login", wrong); err != nil || p.Status != http.StatusUnprocessableEntity &&
					p.Status != http.StatusTooManyRequests && p.Status != http.StatusServiceUnavailable {
					t.Errorf("a wrong password is answered with %v, %v", p, err)
					return
				}
			}
		})
	}
	all.Wait()
	if n := h.Ask("select count(distinct address) from audit_events where action = 'sign_in_refused'"); n == "0" ||
		n == "1" {
		t.Errorf("the wrong passwords were noted from %s addresses", n)
	}

	began := time.Now()
	known.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the known browser took %s", took)
	}
	fresh := program.NewBrowser(t, h.two.URL)
	p := fresh.LogIn("ACME", "jdoe", program.Password)
	if p.Status == http.StatusTooManyRequests {
		shown := regexp.MustCompile(`([0-9]+) seconds?`).FindStringSubmatch(p.Text())
		if shown == nil {
			t.Fatalf("no wait is shown:\n%s", p.Text())
		}
		seconds, _ := strconv.Atoi(shown[1])
		if seconds > 60 || strings.Contains(p.Text(), "locked") {
			t.Fatalf("a new browser is told:\n%s", p.Text())
		}
		t.Logf("a new browser has to wait %d s", seconds)
		time.Sleep(time.Duration(seconds) * time.Second)
		p = fresh.LogIn("ACME", "jdoe", program.Password)
	}
	p.On("/login/code")
}

func TestSecurityB25(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	twins := []struct{ office, username string }{
		{"ACME", "jdoe"}, {"acme", "JDOE"}, {" Acme ", "jdoe "}, {"ＡＣＭＥ", "ｊｄｏｅ"}, {"ACME", "jd\u200boe"},
		{"ACME", "jdoe\u00ad"}, {"ACME", "\tjdoe"}, {"ACME", "jdo\u0065"}, {"ACME", "Jdoe"}, {"aCmE", "jDoE"},
	}
	refused, delayed := 0, 0
	for _, twin := range twins {
		p := program.NewBrowser(t, h.one.URL).Post("/login", url.Values{
			"office": {twin.office}, "username": {twin.username}, "password": {"wrong"},
		})
		switch p.Status {
		case http.StatusUnprocessableEntity:
			refused++
		case http.StatusTooManyRequests:
			delayed++
		}
	}
	ours := h.Ask("select in_a_row from password_failures where account = 'ACME/jdoe' and network = ''")
	rows := h.Ask("select count(*) from password_failures where network = ''")
	t.Logf("%d were compared, %d delayed, %s rows", refused, delayed, rows)
	if rows != "1" && rows != "3" {
		// What is invisible is another name, or none: it must not be jdoe's twin with a counter of its own.
		t.Errorf("%s counters for ten spellings: %s", rows, h.Ask("select string_agg(account, ' | ') from password_failures"))
	}
	if ours == "" || delayed < 2 {
		t.Errorf("the counter of jdoe is %q, and %d of ten tries were delayed", ours, delayed)
	}
	// No spelling with a counter of its own is let in.
	for _, name := range []string{"jd\u200boe", "jdoe\u00ad"} {
		h.Exec("delete from password_failures")
		p := program.NewBrowser(t, h.one.URL).Post("/login", url.Values{
			"office": {"ACME"}, "username": {name}, "password": {program.Password},
		})
		if p.URL.Path == "/login/code" &&
			h.Ask("select count(*) from password_failures where account <> 'ACME/jdoe'") != "0" {
			t.Errorf("%q signs in as jdoe, under another counter", name)
		}
	}
}

// B26: unknown office, unknown user, disabled user and wrong password look alike, to the byte and to the clock.
func TestSecurityB26(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	h.User("gone", "user", "")
	h.Exec("update users set disabled_at = now() where username = 'gone'")
	kinds := []struct{ name, office, username, password string }{
		{"wrong password", "ACME", "jdoe", "wrong-password"}, {"unknown user", "ACME", "nope", "wrong-password"},
		{"unknown office", "EMCA", "jdoe", "wrong-password"}, {"disabled user's right password", "ACME", "gone",
			program.Password},
	}
	b := program.NewBrowser(t, h.one.URL)
	b.Get("/login")
	first, busy := "", 0
	sample := func(rounds int) map[string][]float64 {
		took, until := map[string][]float64{}, time.Now().Add(samplePatience)
		for round := range rounds {
			if round >= 50 && time.Now().After(until) {
				break // a busy machine: what there is has to do
			}
			h.Exec("delete from password_failures")
			// In a new order each round: one hash of two pays for the garbage of the one before it.
			for _, i := range rand.Perm(len(kinds)) {
				k := kinds[i]
				form := url.Values{"office": {k.office}, "username": {k.username}, "password": {k.password}}
				began := time.Now()
				res, err := b.Client.PostForm(b.At+"/login", form)
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
	h.User("jdoe", "user", program.ItsNumber)
	b, code := h.atCode("jdoe")
	for _, path := range []string{"/login/resend", "/login/send"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if status, _ := b.Bare(method, path, nil); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s answers %d", method, path, status)
			}
		}
	}
	for range 20 {
		_, _ = b.Try(http.MethodPost, "/login/resend", nil)
	}
	time.Sleep(time.Second)
	if n := len(h.SMS.Received()); n != 1 {
		t.Fatalf("twenty times asked at once, %d messages", n)
	}
	h.Exec("update challenges set asked_at = asked_at - interval '31 seconds'")
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() { _, _ = b.Like(h.node(i)).Try(http.MethodPost, "/login/resend", nil) })
	}
	all.Wait()
	time.Sleep(1500 * time.Millisecond)
	if n := len(h.SMS.Received()); n != 2 {
		t.Errorf("ten at once, when one was due, made %d messages", n)
	}
	for range 5 {
		h.Exec("update challenges set asked_at = asked_at - interval '61 seconds'")
		_, _ = b.Try(http.MethodPost, "/login/resend", nil)
		time.Sleep(300 * time.Millisecond)
	}
	if n := h.Ask("select max(sends_asked) from challenges"); n != "3" {
		t.Errorf("a challenge has %s messages", n)
	}
	if n := len(h.SMS.Received()); n > 5 {
		t.Errorf("%d messages in all", n)
	}
	_ = code
}

func TestSecurityB29(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	h.User("jdoe", "user", program.ItsNumber)
	// A planted cookie is not taken up.
	b := program.NewBrowser(t, h.one.URL)
	planted := strings.Repeat("A", 43)
	b.Client.Jar.SetCookies(program.MustURL(t, b.At), []*http.Cookie{
		{Name: "nightlatch", Value: planted, Path: "/"}, {Name: "__Host-nightlatch", Value: planted, Path: "/", Secure: true},
	})
	b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	afterPassword := b.Token()
	pending := b.Like(b.At)
	code := program.CodeIn(t, h.Texts(1, 10*time.Second)[0].Text)
	b.Enters(code).On("/settings/me")
	afterCode := b.Token()
	before := b.Like(b.At)
	h.Exec("update sessions set second_factor_at = second_factor_at - interval '11 minutes' where level = 2")
	b.Get("/settings/confirm").Press("Send code").On("/settings/confirm/code").Press("Verify", "code",
		program.CodeIn(t, h.Texts(2, 10*time.Second)[1].Text))
	afterProof := b.Token()
	kept := b.Like(b.At)
	b.Get("/settings/me").On("/settings/me").Press("Log out").On("/login")
	tokens := []string{planted, afterPassword, afterCode, afterProof}
	if b.Token() == afterProof {
		t.Error("logging out leaves the token with the browser")
	}
	for i, a := range tokens {
		for j := range i {
			if a == tokens[j] {
				t.Errorf("step %d has the token of step %d", i, j)
			}
		}
	}
	for what, old := range map[string]*program.Browser{"of the password": pending, "before the fresh proof": before,
		"of a session that was logged out": kept} {
		old.Get("/settings/me").On("/login")
		if p := old.Post("/login/code", url.Values{"code": {code}}); p.URL.Path != "/login" {
			t.Errorf("the token %s leads to %s", what, p.URL)
		}
	}
	if len(afterPassword) != 43 {
		t.Errorf("a token has %d characters", len(afterPassword))
	}
}

func TestSecurityB32(t *testing.T) {
	t.Parallel()
	h := twoNodes(t)
	h.User("boss", "superuser", "+31687654321")
	h.User("jdoe", "superuser", program.ItsNumber)
	boss, code := h.atCode("boss")
	boss.Enters(code).On("/settings/me")
	in := func() *program.Browser {
		b, code := h.atCode("jdoe")
		b.Enters(code).On("/settings/me")
		return b.Like(h.two.URL)
	}
	b := in()
	b.Get("/settings/office/history").On("/settings/office/history")
	h.Exec("update users set role = 'user' where username = 'jdoe'")
	if p := b.Get("/settings/office/history"); p.Status != http.StatusForbidden {
		t.Errorf("the lowered role still sees the history: %d", p.Status)
	}
	if p := b.Get("/settings/users"); p.Status != http.StatusForbidden {
		t.Errorf("the lowered role still sees users: %d", p.Status)
	}
	id := h.Ask("select id from users where username = 'jdoe'")
	boss.Get("/settings/users/" + id + "/reset").Press("Yes, reset the second factor")
	b.Get("/settings/me").On("/login")

	h.Exec("insert into mobile_numbers (user_id, number, country, confirmed_at) select id, '+31612345678', 'NL', now() " +
		"from users where username = 'jdoe' on conflict (user_id) do update set confirmed_at = now()")
	b = in()
	h.Exec("update users set disabled_at = now() where username = 'jdoe'")
	b.Get("/settings/me").On("/login")
	h.Exec("update users set disabled_at = null where username = 'jdoe'")

	// The office's setting, switched on by one while the other is in with a password alone.
	h.Exec("update offices set two_factor_required = false; update sessions set ended_at = now()")
	one, two := program.NewBrowser(t, h.one.URL), program.NewBrowser(t, h.two.URL)
	one.LogIn("ACME", "boss", program.Password).On("/settings/me")
	two.LogIn("ACME", "jdoe", program.Password).On("/settings/me")
	one.Get("/settings/office/general").Press("No").Press("Save").Press("Yes, activate this setting")
	if p := two.Get("/settings/me"); p.URL.Path != "/login/code" {
		t.Errorf("on the next request the other node shows %s", p.URL)
	}
}

func TestSecurityB33(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	for role, idle := range map[string]int{"user": 30, "superuser": 15} {
		h.User("a"+role, role, "+3161111111"+fmt.Sprint(idle%10))
		b, code := h.atCode("a" + role)
		b.Enters(code).On("/settings/me")
		who := "user_id = (select id from users where username = 'a" + role + "')"
		h.Exec(fmt.Sprintf("update sessions set last_seen_at = now() - interval '%d minutes' where %s", idle-1, who))
		b.Get("/settings/me").On("/settings/me")
		if hours := h.Ask("select round(extract(epoch from expires_at - now()) / 3600) from sessions where ended_at is " +
			"null and " + who); hours != map[string]string{"user": "12", "superuser": "8"}[role] {
			t.Errorf("a %s's session lasts %s hours", role, hours)
		}
		h.Exec(fmt.Sprintf("update sessions set last_seen_at = now() - interval '%d minutes 1 second' where %s", idle, who))
		b.Get("/settings/me").On("/login")
		b, code = h.atCode("a" + role)
		b.Enters(code).On("/settings/me")
		h.Exec("update sessions set expires_at = now() where " + who)
		b.Get("/settings/me").On("/login")
		if b.Token() == "" {
			t.Error("the cookie was gone already")
		}
	}
	pending, code := h.atCode("auser")
	h.Exec("update sessions set expires_at = expires_at - interval '10 minutes' where level = 1")
	if inside(pending.Try(http.MethodPost, "/login/code", url.Values{"code": {code}})) {
		t.Error("a pending log-in of more than ten minutes is finished")
	}
}

// B44: the key of an app, once it is set up, is nowhere again.
func TestSecurityB44(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	secret := h.app("jdoe")
	b := program.NewBrowser(t, h.one.URL)
	b.LogIn("ACME", "jdoe", program.Password).On("/login/app").Press("Verify", "code", program.AppCode(t, secret, 0)).
		On("/settings/me")
	grouped := regexp.MustCompile(`(.{4})`).ReplaceAllString(string(secret), "$1 ")
	for _, path := range []string{
		"/settings/me", "/settings/me/app", "/settings/me/number", "/settings/me/recovery-codes",
		"/settings/me/recovery-codes.txt", "/settings/confirm", "/settings/confirm/ways", "/settings/confirm/code",
		"/settings/office/general", "/settings/users", "/settings/users/1", "/login/app/setup", "/login/app", "/demo/phone",
	} {
		p := b.Get(path)
		body := strings.Join(strings.Fields(p.Body), " ")
		if strings.Contains(strings.ReplaceAll(body, " ", ""), string(secret)) ||
			strings.Contains(body, strings.TrimSpace(grouped)) {
			t.Errorf("%s shows the key of the app", path)
		}
	}
	res, err := b.Client.Get(h.one.URL + "/settings/me/app")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page of an app may be kept: %q", res.Header.Get("Cache-Control"))
	}
	for _, e := range b.Seen.List() {
		if strings.Contains(e.Body, "hx-history-elt") || strings.Contains(e.Path+e.Query, string(secret)) {
			t.Errorf("%s", e.Path)
		}
	}
}

// B45: what speaks something else than HTTP, or asks for what is not there, gets a short answer and no trace.
func TestSecurityB45(t *testing.T) {
	t.Parallel()
	h := oneNode(t)
	at := program.MustURL(t, h.one.URL).Host
	for _, raw := range []string{
		"TRACE / HTTP/1.1\r\nHost: x\r\nX-Evil: evil\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
		"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://evil.example/settings/me HTTP/1.1\r\nHost: evil.example\r\n\r\n", "POST /login HTTP/1.1\r\nHost: " +
			"x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nevil=", "POST /login HTTP/1.1\r\nHost: " +
			"x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: " +
			"chunked\r\n\r\nzz\r\nevil", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("x", 40_000) + "\r\n\r\n",
		"GET /static/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /static/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /debug/pprof/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET /debug/vars HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "GET /.env HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
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
			if res.StatusCode >= 500 && res.StatusCode != http.StatusHTTPVersionNotSupported &&
				res.StatusCode != http.StatusNotImplemented {
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
	program.NewBrowser(t, h.one.URL).Get("/login").On("/login") // it goes on
}
