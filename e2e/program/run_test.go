package program_test

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
	"github.com/nightlatch/nightlatch/e2e/program"
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
	return program.Environment(map[string]string{
		"SMS_PROVIDER": "demo", "NIGHTLATCH_DATA": data, "NIGHTLATCH_ADDR": "localhost:0",
	})
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
	program.Eventually(t, 10*time.Second, "a message for "+number+" on the demo phone", func() bool {
		program.NewBrowser(t, at).Get("/demo/phone").On("/demo/phone").Find("li[data-to='" + number + "']").Each(
			func(_ int, s *goquery.Selection) {
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
	told := program.Succeeds(t, env, "", "demo")
	password := demoPasswordOf(t, data)
	if len(password) < 12 || !strings.Contains(told, password) {
		t.Errorf("demo keeps the password %q and says %q", password, told)
	}
	n := program.Spawn(t, env)
	program.Eventually(t, time.Second, "serve prints how to sign in", func() bool {
		return strings.Contains(n.Out.String(), "/demo/phone")
	})
	for _, word := range []string{"DEMO", "superuser", "accountant", "user-new", "user-unconfirmed", "user-confirmed",
		password, n.URL} {
		if !strings.Contains(n.Out.String(), word) {
			t.Errorf("serve does not print %q among how to sign in:\n%s", word, n.Out)
		}
	}
	pid := postgresOf(t, data)

	// Before activation the password is enough.
	user := program.NewBrowser(t, n.URL)
	user.LogIn("DEMO", "user-confirmed", password).On("/settings/me").Says("It cannot be changed here.")
	super := program.NewBrowser(t, n.URL)
	super.LogIn("demo", "SuperUser", password).On("/settings/me")

	// The draft is no activation, nor is the modal.
	office := super.Get("/settings/office/general").On("/settings/office/general")
	if state := office.Find("[role=switch]").AttrOr("aria-checked", ""); state != "false" {
		t.Errorf("the switch of a new office is %q", state)
	}
	modal := office.Press("No").Press("Save").Says("5 users")
	if got := program.NewBrowser(t, n.URL).LogIn("DEMO", "user-new", password); got.URL.Path != "/settings/me" {
		t.Errorf("before the last button a user was led to %s", got.URL)
	}
	after := modal.Press("Yes, activate this setting")
	if !strings.HasPrefix(after.URL.Path, "/login/") {
		t.Errorf("the superuser, who has no second factor, is at %s after activating", after.URL)
	}
	if got := user.Get("/settings/me"); !strings.HasPrefix(got.URL.Path, "/login/") {
		t.Errorf("a session of one factor is still at %s after activation", got.URL)
	}

	// A new log-in needs the code.
	user = program.NewBrowser(t, n.URL)
	page := user.LogIn("DEMO", "user-confirmed", password).On("/login/code")
	if got := user.Get("/settings/office/general"); got.URL.Path != "/login/code" {
		t.Errorf("a half-finished log-in reached %s", got.URL)
	}
	text := lastDemoText(t, n.URL, "+31 6 87654321")
	code := program.CodeIn(t, text)
	if want := code + " is your Nightlatch verification code. It is valid for 5 minutes.\n@localhost #" +
		code; text != want {
		t.Errorf("the message is\n%q, want\n%q", text, want)
	}
	page.Press("Verify", "code", program.WrongCode(code)).Says("not right")
	page.Press("Verify", "code", code[:3]+" "+code[3:]).On("/settings/me").Says("+31 6 87654321")

	// Logging out ends the session on the server, not in the cookie jar alone.
	kept := user.Client.Jar.Cookies(must2(t)(http.NewRequest(http.MethodGet, n.URL+"/", nil)).URL)
	user.Get("/settings/me").Press("Log out").On("/login").Says("You are logged out.")
	again := program.NewBrowser(t, n.URL)
	again.Client.Jar.SetCookies(must2(t)(http.NewRequest(http.MethodGet, n.URL+"/", nil)).URL, kept)
	again.Get("/settings/me").On("/login")

	if err := n.End(); err != nil {
		t.Errorf("a stop is no error: %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("PostgreSQL (process %d) outlives the program: %v", pid, err)
	}
	if _, err := (&http.Client{Timeout: time.Second}).Get(n.URL + "/healthz"); err == nil {
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

// postgresOf returns the process of the local server of a data folder.
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
	program.Succeeds(t, env, "", "demo")
	password := demoPasswordOf(t, data)
	n := program.Spawn(t, env)
	super := program.NewBrowser(t, n.URL)
	super.LogIn("DEMO", "superuser", password).On("/settings/me")
	super.Get("/settings/office/general").Press("No").Press("Save").Press("Yes, activate this setting")

	t.Run("an unconfirmed number is shown masked, confirmed with the code, and saved", func(t *testing.T) {
		b := program.NewBrowser(t, n.URL)
		check := b.LogIn("DEMO", "user-unconfirmed", password).On("/login/check").Says("+31").Says("5678")
		if strings.Contains(strings.ReplaceAll(check.Text(), " ", ""), "612345678") {
			t.Errorf("the whole number is shown to who has only the password:\n%s", check.Text())
		}
		code := check.Press("Continue").On("/login/code")
		code.Press("Verify", "code", program.CodeIn(t, lastDemoText(t, n.URL, "+31 6 12345678"))).
			On("/settings/me/recovery-codes").Press("I have kept these codes").On("/settings/me")
		b.Get("/settings/me").Says("+31 6 12345678 confirmed")
	})
	t.Run("a user without a method enters a number, and only the code saves it", func(t *testing.T) {
		b := program.NewBrowser(t, n.URL)
		method := b.LogIn("DEMO", "user-new", password).On("/login/method")
		number := method.Press("Continue", "method", "sms").On("/login/number")
		code := number.Press("Continue", "number", "06 57431299", "country", "NL").On("/login/code")
		sent := program.CodeIn(t, lastDemoText(t, n.URL, "+31 6 57431299"))
		sheet := code.Press("Verify", "code", sent).On("/settings/me/recovery-codes")
		if codes := program.RecoveryOn(sheet); len(codes) != 10 {
			t.Errorf("%d recovery codes are shown", len(codes))
		}
		b.Get("/settings/me").Says("+31 6 57431299 confirmed")
	})
	t.Run("an authenticator app ends in ten recovery codes, each good once", func(t *testing.T) {
		b := program.NewBrowser(t, n.URL)
		setup := b.LogIn("DEMO", "accountant", password).On("/login/method").Press("Continue", "method",
			"app").On("/login/app/setup")
		secret := program.SecretOn(t, setup)
		sheet := setup.Press("Verify", "code", program.AppCode(t, secret, -1)).On("/settings/me/recovery-codes")
		codes := program.RecoveryOn(sheet)
		if len(codes) != 10 {
			t.Fatalf("%d recovery codes are shown", len(codes))
		}
		sheet.Press("I have kept these codes").On("/settings/me").Says("10 codes are left")
		b.Get("/settings/me/recovery-codes").On("/settings/me")

		program.NewBrowser(t, n.URL).LogIn("DEMO", "accountant", password).On("/login/app").Press("Verify", "code",
			program.AppCode(t, secret, 0)).On("/settings/me")
		lost := program.NewBrowser(t, n.URL)
		lost.LogIn("DEMO", "accountant", password).On("/login/app")
		lost.Get("/login/recovery").Press("Verify", "code", codes[3]).On("/settings/me").Says("9 codes are left")
		again := program.NewBrowser(t, n.URL)
		again.LogIn("DEMO", "accountant", password).On("/login/app")
		if p := again.Get("/login/recovery").Press("Verify", "code", codes[3]); p.URL.Path == "/settings/me" {
			t.Error("a recovery code served twice")
		}
	})
}
