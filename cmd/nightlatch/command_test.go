package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// emptyDatabase is a database without a schema.
func emptyDatabase(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	url := dbtest.URL(t)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	name := conn.Config().Database
	if _, err := conn.Exec(ctx, "create database "+name+"_empty template template0"); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(url, "/"+name+"?", "/"+name+"_empty?", 1)
}

func TestMigrateMakesTheSchemaAndTwiceDoesNoHarm(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"DATABASE_URL": emptyDatabase(t), "NIGHTLATCH_KEY_FILE": keyFile(t, keys.Generate(), 0o600)})
	refused(t, env, "", []string{"office", "list"}, "nightlatch migrate")
	succeeds(t, env, "", "migrate")
	succeeds(t, env, "", "office", "create", "--code", "ACME", "--name", "Acme Accountants")
	succeeds(t, env, "", "migrate")
	if got := succeeds(t, env, "", "office", "list"); got != "ACME\tAcme Accountants\toff\n" {
		t.Errorf("after a second migrate the offices are %q", got)
	}
}

func TestServeOnADatabaseWithoutSchemaIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	in := install(t)
	refused(t, with(in.env, "DATABASE_URL", emptyDatabase(t)), "", []string{"serve"}, "nightlatch migrate")
}

func TestOfficesAreCreatedListedAndRefused(t *testing.T) {
	t.Parallel()
	env := environment(map[string]string{"DATABASE_URL": dbtest.URL(t), "NIGHTLATCH_KEY_FILE": keyFile(t, keys.Generate(), 0o600)})
	if got := succeeds(t, env, "", "office", "list"); got != "" {
		t.Errorf("without offices the list is %q", got)
	}
	succeeds(t, env, "", "office", "create", "--code", "ZEBRA", "--name", "Zebra Notarissen")
	succeeds(t, env, "", "office", "create", "--code", "acme", "--name", "Acme & Söhne")
	succeeds(t, env, "", "office", "create", "--code", "A-1", "--name", "A\tName with a tab")
	if got, want := succeeds(t, env, "", "office", "list"), "A-1\tA Name with a tab\toff\nACME\tAcme & Söhne\toff\nZEBRA\tZebra Notarissen\toff\n"; got != want {
		t.Errorf("the list is\n%q, want\n%q", got, want)
	}
	refused(t, env, "", []string{"office", "create", "--code", "ACME", "--name", "Another"}, "ACME")
	refused(t, env, "", []string{"office", "create", "--code", " aCmE ", "--name", "Another"}, "ACME")
	for _, code := range []string{"", "-ACME", "A B", "A/B", "A.B", "É", strings.Repeat("A", 33)} {
		refused(t, env, "", []string{"office", "create", "--code=" + code, "--name", "Bad"}, "code")
	}
	refused(t, env, "", []string{"office", "create", "--code", "OTHER", "--name", " "}, "name")
	refused(t, env, "", []string{"office", "create", "--code", "OTHER"}, "--name")
	if got := succeeds(t, env, "", "office", "list"); strings.Count(got, "\n") != 3 {
		t.Errorf("after the refusals the list is %q", got)
	}
}

func TestTheCommandLineSwitchesTwoFactorOffAndSaysSoInTheHistory(t *testing.T) {
	t.Parallel()
	in := install(t)
	if got := succeeds(t, in.env, "", "office", "list"); got != "ACME\tAcme Accountants\ton\n" {
		t.Errorf("the list is %q", got)
	}
	refused(t, in.env, "", []string{"office", "two-factor", "--code", "NOBODY", "off"}, "NOBODY")
	refused(t, in.env, "", []string{"office", "two-factor", "--code", "ACME", "on"}, "off")
	refused(t, in.env, "", []string{"office", "two-factor", "--code", "ACME"})
	refused(t, in.env, "", []string{"office", "two-factor", "off"}, "--code")
	succeeds(t, in.env, "", "office", "two-factor", "--code", "acme", "off")
	succeeds(t, in.env, "", "office", "two-factor", "--code", "ACME", "off")
	if got := succeeds(t, in.env, "", "office", "list"); got != "ACME\tAcme Accountants\toff\n" {
		t.Errorf("after switching off the list is %q", got)
	}
	if got := in.ask("select count(*) from audit_events where action = 'two_factor_switched_off' and actor = 'command line'"); got != "1" {
		t.Errorf("%s audit events tell of it, not 1", got)
	}
}

func TestUsersAreCreatedAndRefused(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.exec("update offices set two_factor_required = false")
	create := func(more ...string) []string {
		return append([]string{"user", "create", "--name", "J. Doe", "--password-stdin"}, more...)
	}
	succeeds(t, in.env, password+"\n", create("--office", "ACME", "--username", "jdoe", "--role", "superuser", "--email", "jdoe@acme.example")...)
	succeeds(t, in.env, password, create("--office", "acme", "--username", "Bare")...)
	succeeds(t, in.env, password+"\r\n", create("--office", "ACME", "--username", "windows", "--role", "accountant")...)

	refused(t, in.env, password, create("--office", "NOBODY", "--username", "x"), "NOBODY")
	refused(t, in.env, password, create("--office", "ACME", "--username", "x", "--role", "king"), "king", "superuser")
	refused(t, in.env, password, create("--office", "ACME", "--username", "x", "--role", "operator"), "operator")
	for _, taken := range []string{"jdoe", "JDOE", " jdoe ", "ｊｄｏｅ"} {
		refused(t, in.env, password, create("--office", "ACME", "--username", taken), "jdoe")
	}
	for _, bad := range []string{"two words", "", "a/b", strings.Repeat("u", 65)} {
		refused(t, in.env, password, create("--office", "ACME", "--username="+bad), "username")
	}
	for _, weak := range []string{"", "\n", "short", "planted-11c", "jdoe", strings.Repeat("w", 129)} {
		said := refused(t, in.env, weak, create("--office", "ACME", "--username", "weak"), "password")
		if len(weak) > 4 && strings.Contains(said, weak) {
			t.Errorf("the refusal repeats the password: %s", said)
		}
	}
	said := refused(t, in.env, "planted-first-line\nplanted-second-line\n", create("--office", "ACME", "--username", "weak"), "line")
	if strings.Contains(said, "planted-") {
		t.Errorf("the refusal repeats the password: %s", said)
	}
	refused(t, in.env, password, []string{"user", "create", "--office", "ACME", "--username", "x", "--name", "X"}, "--password-stdin")
	if got := in.ask("select string_agg(username || ':' || role, ' ' order by username) from users"); got != "bare:user jdoe:superuser windows:accountant" {
		t.Errorf("the users are %q", got)
	}

	n := serving(t, in.env)
	for _, username := range []string{"jdoe", "bare", "windows"} {
		newBrowser(t, n.url).logIn("ACME", username, password).on("/settings/me")
	}
	newBrowser(t, n.url).logIn("ACME", "jdoe", password+"\n\n").says("That did not match.")
}

func TestAShorterPasswordIsEnoughWhereASecondFactorIsDemanded(t *testing.T) {
	t.Parallel()
	in := install(t)
	args := func(name string) []string {
		return []string{"user", "create", "--office", "ACME", "--username", name, "--name", "J. Doe", "--password-stdin"}
	}
	refused(t, in.env, "vk3-9zt", args("seven"), "password")
	succeeds(t, in.env, "vk3-9ztq", args("eight")...)
}

func TestResettingTheSecondFactorTakesItAwayAndEndsTheSessions(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("jdoe", "user", "+31657431290")
	n := serving(t, in.env)
	b := newBrowser(t, n.url)
	page := b.logIn("ACME", "jdoe", password).on("/login/code")
	in.texts(1, 10*time.Second)
	page.press("Verify", "code", in.theCode()).on("/settings/me")

	refused(t, in.env, "", []string{"user", "reset-two-factor", "--office", "ACME", "--username", "nobody"}, "nobody")
	refused(t, in.env, "", []string{"user", "reset-two-factor", "--office", "NONE", "--username", "jdoe"}, "NONE")
	b.get("/settings/me").on("/settings/me")
	succeeds(t, in.env, "", "user", "reset-two-factor", "--office", "acme", "--username", "JDoe")
	b.get("/settings/me").on("/login")
	b.logIn("ACME", "jdoe", password).on("/login/method")
	if got := in.ask("select count(*) from mobile_numbers"); got != "0" {
		t.Errorf("%s numbers are left", got)
	}
	if got := in.ask("select count(*) from audit_events where action = 'two_factor_reset' and actor = 'command line' and subject = 'jdoe'"); got != "1" {
		t.Errorf("%s audit events tell of the reset, not 1", got)
	}
}

func TestDemoIsRefusedWhereItsCodesWouldBeSeenOrRealMessagesSent(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := demoEnvironment(data)
	for _, args := range [][]string{{"demo"}, {"serve"}} {
		refused(t, with(env, "VONAGE_API_KEY", "abcd1234"), "", args, "VONAGE_API_KEY")
		said := refused(t, with(env, "VONAGE_API_SECRET", apiSecret, "VONAGE_FROM", "X"), "", args, "VONAGE_API_SECRET", "VONAGE_FROM")
		if strings.Contains(said, apiSecret) {
			t.Errorf("the refusal repeats the secret: %s", said)
		}
		for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:8080"} {
			refused(t, with(env, "NIGHTLATCH_ADDR", addr), "", args, "loopback")
		}
		refused(t, with(env, "NIGHTLATCH_URL", "https://login.acme.example"), "", args, "loopback")
		refused(t, with(env, "NIGHTLATCH_URL", "https://localhost.acme.example"), "", args, "loopback")
		refused(t, with(env, "SMS_PROVIDER", "pigeon"), "", args, "pigeon")
	}
	refused(t, with(env, "SMS_PROVIDER", ""), "", []string{"demo"}, "SMS_PROVIDER=demo")
	refused(t, with(env, "SMS_PROVIDER", "vonage"), "", []string{"demo"}, "SMS_PROVIDER=demo")
	left, err := os.ReadDir(data)
	if err != nil || len(left) != 0 {
		t.Errorf("a refused demo left %v behind (%v)", left, err)
	}
}

func TestServeIsRefusedWithASentenceForEveryWrongSetting(t *testing.T) {
	t.Parallel()
	in := install(t)
	refused(t, with(in.env, "SMS_PROVIDER", ""), "", []string{"serve"}, "SMS_PROVIDER")
	refused(t, with(in.env, "SMS_PROVIDER", ""), "", []string{"serve", "--only", "web"}, "SMS_PROVIDER")
	refused(t, in.env, "", []string{"serve", "--only", "half"}, "--only")
	refused(t, with(in.env, "NIGHTLATCH_URL", "http://login.acme.example"), "", []string{"serve"}, "NIGHTLATCH_URL", "https")
	refused(t, with(in.env, "NIGHTLATCH_ADDR", "0.0.0.0:0", "NIGHTLATCH_URL", "http://10.0.0.5"), "", []string{"serve"}, "https")
	refused(t, with(in.env, "NIGHTLATCH_URL", "login.acme.example"), "", []string{"serve"}, "NIGHTLATCH_URL")
	refused(t, with(in.env, "NIGHTLATCH_URL", "https://login.acme.example/portal"), "", []string{"serve"}, "NIGHTLATCH_URL")
	refused(t, with(in.env, "NIGHTLATCH_ADDR", "8080"), "", []string{"serve"}, "NIGHTLATCH_ADDR")
	refused(t, with(in.env, "NIGHTLATCH_NAME", strings.Repeat("n", 31)), "", []string{"serve"}, "NIGHTLATCH_NAME")
	refused(t, with(in.env, "VONAGE_API_KEY", "short"), "", []string{"serve"}, "VONAGE_API_KEY")
	refused(t, with(in.env, "VONAGE_API_SECRET", ""), "", []string{"serve"}, "VONAGE_API_SECRET")
	refused(t, with(in.env, "VONAGE_FROM", ""), "", []string{"serve"}, "VONAGE_FROM")
	refused(t, with(in.env, "VONAGE_BASE_URL", "http://sms.acme.example/sms"), "", []string{"serve"}, "VONAGE_BASE_URL")
	n := serving(t, in.env)
	refused(t, with(in.env, "NIGHTLATCH_ADDR", strings.TrimPrefix(n.url, "http://")), "", []string{"serve"}, "NIGHTLATCH_ADDR")
}

func TestNoErrorRepeatsASecret(t *testing.T) {
	t.Parallel()
	in := install(t)
	const secret = "planted5ecret77"
	for what, env := range map[string]map[string]string{
		"a database that is not there":      with(in.env, "DATABASE_URL", "postgres://nightlatch:"+secret+"@127.0.0.1:1/nightlatch"),
		"a database address with a bad %":   with(in.env, "DATABASE_URL", "postgres://nightlatch:"+secret+"%zz@127.0.0.1:1/nightlatch"),
		"a database address with bad port":  with(in.env, "DATABASE_URL", "postgres://nightlatch:"+secret+"@127.0.0.1:port/nightlatch"),
		"a database address with a space":   with(in.env, "DATABASE_URL", "postgres://nightlatch: "+secret+"@127.0.0.1 :1/nightlatch"),
		"a database in keywords":            with(in.env, "DATABASE_URL", "host=127.0.0.1 password="+secret+" port=none"),
		"a database in keywords, not there": with(in.env, "DATABASE_URL", "host=127.0.0.1 port=1 user=n dbname=n password="+secret),
		"a public origin with a password":   with(in.env, "NIGHTLATCH_URL", "https://me:"+secret+"@login.acme.example"),
		"a provider's address with one":     with(in.env, "VONAGE_BASE_URL", "https://me:"+secret+"@rest.nexmo.com/sms"),
		"a provider's address that is none": with(in.env, "VONAGE_BASE_URL", "https://me:"+secret+"@%zz"),
		"an API secret with a blank":        with(in.env, "VONAGE_API_SECRET", secret+" "+secret),
		"an API key of the wrong length":    with(in.env, "VONAGE_API_KEY", secret),
		"a sender that is too long":         with(in.env, "VONAGE_API_SECRET", secret, "VONAGE_FROM", "Nightlatch Portal"),
		"a key file with a broken key":      with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, base64.StdEncoding.EncodeToString([]byte(secret))+"\n", 0o600)),
	} {
		t.Run(what, func(t *testing.T) {
			commands := []string{"serve"}
			if strings.Contains(env["DATABASE_URL"], secret) {
				commands = append(commands, "migrate")
			}
			for _, name := range commands {
				r := command(t, env, "", name)
				if r.code != 1 {
					t.Errorf("%s was not refused: %s", name, r)
				}
				if strings.Contains(r.out+r.err, secret) || strings.Contains(r.out+r.err, base64.StdEncoding.EncodeToString([]byte(secret))) {
					t.Errorf("%s repeats the secret: %s", name, r)
				}
			}
		})
	}
	for _, args := range [][]string{
		{"user", "create", "--office", "ACME", "--username", "x", "--name", "X", "--password", secret},
		{"user", "create", "--office", "ACME", "--username", "x", "--name", "X", "--password=" + secret},
		{"user", "create", "--office", "ACME", "--username", "x", "--name", "X", "--password-stdin=" + secret},
	} {
		if r := command(t, in.env, secret+"\n", args...); r.code != 1 || strings.Contains(r.out+r.err, secret) {
			t.Errorf("a password on the command line: %s", r)
		}
	}
}

func TestTheKeyFileIsRefusedWhenItIsMissingOpenMalformedOrAnothers(t *testing.T) {
	t.Parallel()
	in := install(t)
	serve := []string{"serve"}
	missing := filepath.Join(t.TempDir(), "no-such-file")
	refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", missing), "", serve, missing)
	if _, err := os.Stat(missing); err == nil {
		t.Error("a key file that the operator named was made")
	}
	refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", ""), "", serve, "NIGHTLATCH_KEY_FILE")
	ours, err := os.ReadFile(in.env["NIGHTLATCH_KEY_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o660, 0o620} {
		refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, string(ours), mode)), "", serve, fmt.Sprintf("%#o", mode))
	}
	for _, text := range []string{"", "\n\n", "not base64!\n", "c2hvcnQ=\n", string(ours) + "and a word\n"} {
		refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, text, 0o600)), "", serve, "key")
	}
	refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", t.TempDir()), "", serve, "not a file")
	for _, args := range [][]string{serve, {"office", "list"}} {
		said := refused(t, with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, keys.Generate(), 0o600)), "", args, "fingerprint")
		if strings.Contains(said, strings.TrimSpace(string(ours))) {
			t.Error("the refusal shows a key")
		}
	}
	// A newer key before ours is no other installation.
	if r := command(t, with(in.env, "NIGHTLATCH_KEY_FILE", keyFile(t, keys.Generate()+string(ours), 0o600)), "", "office", "list"); r.code != 0 {
		t.Errorf("with a newer key before the database's own: %s", r)
	}
}

func TestDemoAgainAndAgainKeepsThePasswordAndWhatWasChanged(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := with(demoEnvironment(data), "DATABASE_URL", dbtest.URL(t))
	succeeds(t, env, "", "demo")
	first := demoPasswordOf(t, data)
	info, err := os.Stat(filepath.Join(data, "keys"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file under NIGHTLATCH_DATA: %v, %v", info, err)
	}
	in := &installation{t: t, env: env, pool: poolOf(t, env["DATABASE_URL"])}
	in.exec("update offices set two_factor_required = true, name = 'Renamed'")
	in.exec("update users set name = 'Changed', role = 'accountant' where username = 'user-new'")
	in.exec("update mobile_numbers set number = '+31657431290' where user_id = (select id from users where username = 'user-confirmed')")
	in.exec("delete from users where username = 'user-unconfirmed'")
	before := in.ask("select string_agg(username || name || role || password_hash, ',' order by id) from users where username <> 'user-unconfirmed'")
	succeeds(t, env, "", "demo")
	succeeds(t, env, "", "demo")
	if again := demoPasswordOf(t, data); again != first {
		t.Errorf("the password was %q and is %q", first, again)
	}
	if got := in.ask("select string_agg(username || name || role || password_hash, ',' order by id) from users where username <> 'user-unconfirmed'"); got != before {
		t.Errorf("demo changed users:\n%s\n%s", before, got)
	}
	if got := in.ask("select name || two_factor_required from offices"); got != "Renamedtrue" {
		t.Errorf("demo changed the office: %s", got)
	}
	if got := in.ask("select number from mobile_numbers m join users u on u.id = m.user_id where username = 'user-confirmed'"); got != "+31657431290" {
		t.Errorf("demo changed a number: %s", got)
	}
	if got := in.ask("select count(*) from users"); got != "5" {
		t.Errorf("there are %s users, not 5", got)
	}
	n := serving(t, env)
	newBrowser(t, n.url).logIn("DEMO", "user-unconfirmed", first).on("/login/check")
}

func TestOneDataFolderServesOnceAndOtherCommandsAttach(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := demoEnvironment(data)
	n := spawn(t, env)
	pid := postgresOf(t, data)
	refused(t, env, "", []string{"serve"}, "DATABASE_URL")
	succeeds(t, env, "", "office", "create", "--code", "BESIDE", "--name", "Beside")
	if got := succeeds(t, env, "", "office", "list"); got != "BESIDE\tBeside\toff\n" {
		t.Errorf("office list beside serve says %q", got)
	}
	if again := postgresOf(t, data); again != pid {
		t.Error("a command that attached has stopped the server")
	}
	newBrowser(t, n.url).get("/readyz").says("ready")
	if err := n.end(); err != nil {
		t.Errorf("SIGTERM ended serve with %v", err)
	}
	// And afterwards every command stands on its own feet.
	if got := succeeds(t, env, "", "office", "list"); got != "BESIDE\tBeside\toff\n" {
		t.Errorf("office list after serve says %q", got)
	}
}

func TestHelpIsShownAndEndsCleanly(t *testing.T) {
	t.Parallel()
	env := environment(nil)
	help := succeeds(t, env, "", "--help")
	for _, word := range []string{"serve", "migrate", "demo", "office create", "office list", "office two-factor", "user create", "user reset-two-factor"} {
		if !strings.Contains(help, word) {
			t.Errorf("--help does not name %q:\n%s", word, help)
		}
	}
	if got := succeeds(t, env, "", "user", "create", "--help"); !strings.Contains(got, "--password-stdin") {
		t.Errorf("user create --help says:\n%s", got)
	}
	succeeds(t, env, "", "serve", "--help")
	refused(t, env, "", []string{"frobnicate"}, "frobnicate", "--help")
}
