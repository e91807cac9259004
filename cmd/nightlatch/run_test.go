package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/nightlatch/nightlatch/db/localpg"
	"github.com/nightlatch/nightlatch/db/localpg/localpgtest"

	"github.com/nightlatch/nightlatch/internal/sms"
)

// localData is an empty NIGHTLATCH_DATA directly under the temp folder: root's server runs as another account,
// which must get in.
func localData(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "nightlatch-run-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func demoEnvironment(data string) map[string]string {
	return environment(map[string]string{"SMS_PROVIDER": "demo", "NIGHTLATCH_DATA": data, "NIGHTLATCH_ADDR": "localhost:0"})
}

func demoPasswordOf(t testing.TB, data string) string {
	t.Helper()
	path := filepath.Join(data, "demo-password")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the demo password's file has mode %v (%v), not 0600", info.Mode(), err)
	}
	return strings.TrimSpace(string(text))
}

// lastDemoText is the newest message on the demo phone for a number.
func lastDemoText(t testing.TB, at, number string) string {
	t.Helper()
	text := ""
	eventually(t, 10*time.Second, "a message for "+number+" on the demo phone", func() bool {
		newBrowser(t, at).get("/demo/phone").on("/demo/phone").Find("li[data-to='" + number + "']").Each(func(_ int, s *goquery.Selection) {
			text = s.Find("p").First().Text()
		})
		return text != ""
	})
	return text
}

// The whole program, with nothing but a PostgreSQL installed: its own server, the demo office, the switch, a log-in
// with the code from the demo phone, and a stop that leaves nothing behind.
func TestTheProgramRunsFromNothingToASecondFactorAndStopsWithoutATrace(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := demoEnvironment(data)
	var told buffer
	if err := run(context.Background(), sms.Providers(), []string{"demo"}, env, stdio{strings.NewReader(""), &told, &told}); err != nil {
		t.Fatal(err)
	}
	password := demoPasswordOf(t, data)
	if len(password) < 12 || !strings.Contains(told.String(), password) {
		t.Errorf("demo keeps the password %q and says %q", password, told.String())
	}
	n := serving(t, env)
	eventually(t, time.Second, "serve prints how to sign in", func() bool { return strings.Contains(n.out.String(), "/demo/phone") })
	for _, word := range []string{"DEMO", "superuser", "accountant", "user-new", "user-unconfirmed", "user-confirmed", password, n.url} {
		if !strings.Contains(n.out.String(), word) {
			t.Errorf("serve does not print %q among how to sign in:\n%s", word, n.out)
		}
	}
	pid := postgresOf(t, data)

	// Before activation the password is enough.
	user := newBrowser(t, n.url)
	user.logIn("DEMO", "user-confirmed", password).on("/settings/me").says("It cannot be changed here.")
	super := newBrowser(t, n.url)
	super.logIn("demo", "SuperUser", password).on("/settings/me")

	// The draft is no activation, nor is the modal.
	office := super.get("/settings/office/general").on("/settings/office/general")
	if state := office.Find("[role=switch]").AttrOr("aria-checked", ""); state != "false" {
		t.Errorf("the switch of a new office is %q", state)
	}
	modal := office.press("No").press("Save").says("5 users")
	if got := newBrowser(t, n.url).logIn("DEMO", "user-new", password); got.url.Path != "/settings/me" {
		t.Errorf("before the last button a user was led to %s", got.url)
	}
	after := modal.press("Yes, activate this setting")
	if !strings.HasPrefix(after.url.Path, "/login/") {
		t.Errorf("the superuser, who has no second factor, is at %s after activating", after.url)
	}
	if got := user.get("/settings/me"); !strings.HasPrefix(got.url.Path, "/login/") {
		t.Errorf("a session of one factor is still at %s after activation", got.url)
	}

	// A new log-in needs the code.
	user = newBrowser(t, n.url)
	page := user.logIn("DEMO", "user-confirmed", password).on("/login/code")
	if got := user.get("/settings/office/general"); got.url.Path != "/login/code" {
		t.Errorf("a half-finished log-in reached %s", got.url)
	}
	text := lastDemoText(t, n.url, "+31 6 87654321")
	code := codeIn(t, text)
	if want := code + " is your Nightlatch verification code. It is valid for 5 minutes.\n@localhost #" + code; text != want {
		t.Errorf("the message is\n%q, want\n%q", text, want)
	}
	page.press("Verify", "code", wrongCode(code)).says("not right")
	page.press("Verify", "code", code[:3]+" "+code[3:]).on("/settings/me").says("+31 6 87654321")

	// Logging out ends the session on the server, not in the cookie jar alone.
	kept := user.client.Jar.Cookies(must2(t)(http.NewRequest(http.MethodGet, n.url+"/", nil)).URL)
	user.get("/settings/me").press("Log out").on("/login").says("You are logged out.")
	again := newBrowser(t, n.url)
	again.client.Jar.SetCookies(must2(t)(http.NewRequest(http.MethodGet, n.url+"/", nil)).URL, kept)
	again.get("/settings/me").on("/login")

	if err := n.end(); err != nil {
		t.Errorf("a stop is no error: %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("PostgreSQL (process %d) outlives the program: %v", pid, err)
	}
	if _, err := (&http.Client{Timeout: time.Second}).Get(n.url + "/healthz"); err == nil {
		t.Error("the site still answers")
	}
	nothingSecretIn(t, data, password, code)
}

func must2(t testing.TB) func(r *http.Request, err error) *http.Request {
	return func(r *http.Request, err error) *http.Request {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

func wrongCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

// postgresOf answers the process of the local server of a data folder.
func postgresOf(t testing.TB, data string) int {
	t.Helper()
	opts := localpg.Options{BinDir: os.Getenv("PG_BINDIR"), Exclusive: true}
	if _, err := localpg.Start(context.Background(), data, opts); !errors.Is(err, localpg.ErrOwned) {
		t.Fatalf("serve does not own the local server of its data folder: %v", err)
	}
	opts.Exclusive = false
	guest, err := localpg.Start(context.Background(), data, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = guest.Stop(context.Background()) }()
	return localpgtest.PID(t, guest.URL())
}

// nothingSecretIn looks through the files beside the database: PostgreSQL's own log above all.
func nothingSecretIn(t testing.TB, data, password, code string) {
	t.Helper()
	logs := 0
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "data" || d.Name() == "demo-password" {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !d.Type().IsRegular() {
			return nil
		}
		if strings.HasSuffix(path, ".log") {
			logs++
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, s := range []string{password, "#" + code, "687654321", "612345678"} {
			if strings.Contains(string(text), s) {
				t.Errorf("%s holds %q", path, s)
			}
		}
		return nil
	})
	if err != nil || logs == 0 {
		t.Errorf("looked through %d logs: %v", logs, err)
	}
}

func TestAnOfficeThatActivatesFindsEveryUserTheWayIn(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := demoEnvironment(data)
	var told buffer
	if err := run(context.Background(), sms.Providers(), []string{"demo"}, env, stdio{strings.NewReader(""), &told, &told}); err != nil {
		t.Fatal(err)
	}
	password := demoPasswordOf(t, data)
	n := serving(t, env)
	super := newBrowser(t, n.url)
	super.logIn("DEMO", "superuser", password).on("/settings/me")
	super.get("/settings/office/general").press("No").press("Save").press("Yes, activate this setting")

	t.Run("an unconfirmed number is shown masked, confirmed with the code, and saved", func(t *testing.T) {
		b := newBrowser(t, n.url)
		check := b.logIn("DEMO", "user-unconfirmed", password).on("/login/check").says("+31").says("5678")
		if strings.Contains(strings.ReplaceAll(check.text(), " ", ""), "612345678") {
			t.Errorf("the whole number is shown to who has only the password:\n%s", check.text())
		}
		code := check.press("Continue").on("/login/code")
		code.press("Verify", "code", codeIn(t, lastDemoText(t, n.url, "+31 6 12345678"))).on("/settings/me")
		b.get("/settings/me").says("+31 6 12345678 confirmed")
	})
	t.Run("a user without a method enters a number, and only the code saves it", func(t *testing.T) {
		b := newBrowser(t, n.url)
		method := b.logIn("DEMO", "user-new", password).on("/login/method")
		number := method.press("Continue", "method", "sms").on("/login/number")
		code := number.press("Continue", "number", "06 57431299", "country", "NL").on("/login/code")
		sent := codeIn(t, lastDemoText(t, n.url, "+31 6 57431299"))
		code.press("Verify", "code", sent).on("/settings/me")
		b.get("/settings/me").says("+31 6 57431299 confirmed")
	})
	t.Run("an authenticator app ends in ten recovery codes, each good once", func(t *testing.T) {
		b := newBrowser(t, n.url)
		setup := b.logIn("DEMO", "accountant", password).on("/login/method").press("Continue", "method", "app").on("/login/app/setup")
		secret := secretOn(t, setup)
		sheet := setup.press("Verify", "code", appCode(t, secret, -1)).on("/settings/me/recovery-codes")
		codes := recoveryOn(sheet)
		if len(codes) != 10 {
			t.Fatalf("%d recovery codes are shown", len(codes))
		}
		sheet.press("I have kept these codes").on("/settings/me").says("10 codes are left")
		b.get("/settings/me/recovery-codes").on("/settings/me")

		newBrowser(t, n.url).logIn("DEMO", "accountant", password).on("/login/app").press("Verify", "code", appCode(t, secret, 0)).on("/settings/me")
		lost := newBrowser(t, n.url)
		lost.logIn("DEMO", "accountant", password).on("/login/app")
		lost.get("/login/recovery").press("Verify", "code", codes[3]).on("/settings/me").says("9 codes are left")
		again := newBrowser(t, n.url)
		again.logIn("DEMO", "accountant", password).on("/login/app")
		if p := again.get("/login/recovery").press("Verify", "code", codes[3]); p.url.Path == "/settings/me" {
			t.Error("a recovery code served twice")
		}
	})
}
