package program_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/e2e/program"
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
	env := program.Environment(map[string]string{
		"DATABASE_URL": emptyDatabase(t), "NIGHTLATCH_KEY_FILE": program.KeyFile(t, keys.Generate(), 0o600),
	})
	program.Refused(t, env, "", []string{"office", "list"}, "nightlatch migrate")
	program.Succeeds(t, env, "", "migrate")
	program.Succeeds(t, env, "", "office", "create", "--code", "ACME", "--name", "Acme Accountants")
	program.Succeeds(t, env, "", "migrate")
	if got := program.Succeeds(t, env, "", "office", "list"); got != "ACME\tAcme Accountants\toff\n" {
		t.Errorf("after a second migrate the offices are %q", got)
	}
}

func TestServeOnADatabaseWithoutSchemaIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	program.Refused(t, program.With(in.Env, "DATABASE_URL", emptyDatabase(t)), "", []string{"serve"}, "nightlatch migrate")
}

func TestOfficesAreCreatedListedAndRefused(t *testing.T) {
	t.Parallel()
	env := program.Environment(map[string]string{
		"DATABASE_URL": dbtest.URL(t), "NIGHTLATCH_KEY_FILE": program.KeyFile(t, keys.Generate(), 0o600),
	})
	if got := program.Succeeds(t, env, "", "office", "list"); got != "" {
		t.Errorf("without offices the list is %q", got)
	}
	program.Succeeds(t, env, "", "office", "create", "--code", "ZEBRA", "--name", "Zebra Notarissen")
	program.Succeeds(t, env, "", "office", "create", "--code", "acme", "--name", "Acme & Söhne")
	program.Succeeds(t, env, "", "office", "create", "--code", "A-1", "--name", "A\tName with a tab")
	if got, want := program.Succeeds(t, env, "", "office", "list"), "A-1\tA Name with a tab\toff\nACME\tAcme & "+
		"Söhne\toff\nZEBRA\tZebra Notarissen\toff\n"; got != want {
		t.Errorf("the list is\n%q, want\n%q", got, want)
	}
	program.Refused(t, env, "", []string{"office", "create", "--code", "ACME", "--name", "Another"}, "ACME")
	program.Refused(t, env, "", []string{"office", "create", "--code", " aCmE ", "--name", "Another"}, "ACME")
	for _, code := range []string{"", "-ACME", "A B", "A/B", "A.B", "É", strings.Repeat("A", 33)} {
		program.Refused(t, env, "", []string{"office", "create", "--code=" + code, "--name", "Bad"}, "code")
	}
	program.Refused(t, env, "", []string{"office", "create", "--code", "OTHER", "--name", " "}, "name")
	program.Refused(t, env, "", []string{"office", "create", "--code", "OTHER"}, "--name")
	if got := program.Succeeds(t, env, "", "office", "list"); strings.Count(got, "\n") != 3 {
		t.Errorf("after the refusals the list is %q", got)
	}
}

func TestAnOfficeIsShownWithWhatItHasDecided(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("ann", "accountant", "")
	in.Exec("update offices set two_factor_required = false, time_zone = 'Europe/Amsterdam', grace_hours = 8," +
		" demanded_from = '2090-01-02 08:00+01'")
	in.Exec(`insert into office_waves (office_id, name, role, demanded_from)
		select id, 'x', 'superuser', '2090-01-01 08:00+01' from offices`)
	in.Exec(`insert into exemptions (user_id, reason, until)
		select id, 'no phone', now() + interval '3 days' from users where username = 'ann'`)
	got := program.Succeeds(t, in.Env, "", "office", "show", "acme")
	for _, line := range []string{
		"code\tACME\n", "two factors\toff\n", "from\t2090-01-02T07:00:00Z\tEurope/Amsterdam\n",
		"wave\tsuperuser\t2090-01-01T07:00:00Z\n", "first hours\t8\n", "exempt\tann\t", "\tno phone\n",
		"two approvers\toff\n", "cooling-off hours\t0\n", "ready\t0\t",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
	var answer struct {
		Code  string `json:"code"`
		Ready int    `json:"ready"`
		Waves []struct {
			Name string `json:"name"`
		} `json:"waves"`
	}
	text := program.Succeeds(t, in.Env, "", "office", "show", "ACME", "--json")
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Code != "ACME" || len(answer.Waves) != 1 {
		t.Errorf("%v, %s", err, text)
	}
	program.Refused(t, in.Env, "", []string{"office", "show", "NOBODY"}, "there is no office NOBODY")
}

func TestTheCommandLineSwitchesTwoFactorOffAndSaysSoInTheHistory(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	if got := program.Succeeds(t, in.Env, "", "office", "list"); got != "ACME\tAcme Accountants\ton\n" {
		t.Errorf("the list is %q", got)
	}
	program.Refused(t, in.Env, "", []string{"office", "two-factor", "--code", "NOBODY", "off"}, "NOBODY")
	program.Refused(t, in.Env, "", []string{"office", "two-factor", "--code", "ACME", "on"}, "off")
	program.Refused(t, in.Env, "", []string{"office", "two-factor", "--code", "ACME"})
	program.Refused(t, in.Env, "", []string{"office", "two-factor", "off"}, "--code")
	program.Succeeds(t, in.Env, "", "office", "two-factor", "--code", "acme", "off")
	program.Succeeds(t, in.Env, "", "office", "two-factor", "--code", "ACME", "off")
	if got := program.Succeeds(t, in.Env, "", "office", "list"); got != "ACME\tAcme Accountants\toff\n" {
		t.Errorf("after switching off the list is %q", got)
	}
	if got := in.Ask("select count(*) from audit_events where action = 'two_factor_switched_off' and actor = 'command " +
		"line'"); got != "1" {
		t.Errorf("%s audit events tell of it, not 1", got)
	}
}

func TestUsersAreCreatedAndRefused(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.Exec("update offices set two_factor_required = false")
	create := func(more ...string) []string {
		return append([]string{"user", "create", "--name", "J. Doe", "--password-stdin"}, more...)
	}
	program.Succeeds(t, in.Env, program.Password+"\n", create("--office", "ACME", "--username", "jdoe", "--role",
		"superuser", "--email", "jdoe@acme.example")...)
	program.Succeeds(t, in.Env, program.Password, create("--office", "acme", "--username", "Bare")...)
	program.Succeeds(t, in.Env, program.Password+"\r\n", create("--office", "ACME", "--username", "windows",
		"--role", "accountant")...)
	const documented = "$argon2id$v=19$m=19456,t=2,p=1$%"
	if n := in.Ask("select count(*) from users where password_hash not like $1", documented); n != "0" {
		t.Errorf("%s of the stored hashes cost less than documented", n)
	}

	program.Refused(t, in.Env, program.Password, create("--office", "NOBODY", "--username", "x"), "NOBODY")
	program.Refused(t, in.Env, program.Password, create("--office", "ACME", "--username", "x", "--role", "king"),
		"king", "superuser")
	program.Refused(t, in.Env, program.Password, create("--office", "ACME", "--username", "x", "--role", "operator"),
		"operator")
	for _, taken := range []string{"jdoe", "JDOE", " jdoe ", "ｊｄｏｅ"} {
		program.Refused(t, in.Env, program.Password, create("--office", "ACME", "--username", taken), "jdoe")
	}
	for _, bad := range []string{"two words", "", "a/b", strings.Repeat("u", 65)} {
		program.Refused(t, in.Env, program.Password, create("--office", "ACME", "--username="+bad), "username")
	}
	for _, weak := range []string{"", "\n", "short", "planted-11c", "jdoe", strings.Repeat("w", 129)} {
		said := program.Refused(t, in.Env, weak, create("--office", "ACME", "--username", "weak"), "password")
		if len(weak) > 4 && strings.Contains(said, weak) {
			t.Errorf("the refusal repeats the password: %s", said)
		}
	}
	said := program.Refused(t, in.Env, "planted-first-line\nplanted-second-line\n",
		create("--office", "ACME", "--username", "weak"), "line")
	if strings.Contains(said, "planted-") {
		t.Errorf("the refusal repeats the password: %s", said)
	}
	program.Refused(t, in.Env, program.Password, []string{
		"user", "create", "--office", "ACME", "--username", "x", "--name", "X",
	}, "--password-stdin")
	got := in.Ask("select string_agg(username || ':' || role, ' ' order by username) from users")
	if got != "bare:user jdoe:superuser windows:accountant" {
		t.Errorf("the users are %q", got)
	}

	n := program.Spawn(t, in.Env)
	for _, username := range []string{"jdoe", "bare", "windows"} {
		program.NewBrowser(t, n.URL).LogIn("ACME", username, program.Password).On("/settings/me")
	}
	program.NewBrowser(t, n.URL).LogIn("ACME", "jdoe", program.Password+"\n\n").Says("That did not match.")
}

func TestAShorterPasswordIsEnoughWhereASecondFactorIsDemanded(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	args := func(name string) []string {
		return []string{"user", "create", "--office", "ACME", "--username", name, "--name", "J. Doe", "--password-stdin"}
	}
	program.Refused(t, in.Env, "vk3-9zt", args("seven"), "password")
	program.Succeeds(t, in.Env, "vk3-9ztq", args("eight")...)
}

func TestResettingTheSecondFactorTakesItAwayAndEndsTheSessions(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	page := b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	page.Press("Verify", "code", in.TheCode()).On("/settings/me")

	program.Refused(t, in.Env, "", []string{
		"user", "reset-two-factor", "--office", "ACME", "--username", "nobody",
	}, "nobody")
	program.Refused(t, in.Env, "", []string{"user", "reset-two-factor", "--office", "NONE", "--username", "jdoe"}, "NONE")
	b.Get("/settings/me").On("/settings/me")
	said := program.Succeeds(t, in.Env, "", "user", "reset-two-factor", "--office", "acme", "--username", "JDoe")
	b.Get("/settings/me").On("/login")
	// No mail is sent here: the password alone enrols nobody, the word that was printed does.
	b.LogIn("ACME", "jdoe", program.Password).On("/login/word")
	b.Get("/login/method").On("/login/word")
	word := regexp.MustCompile(`(?m)^[a-z0-9]{5}(-[a-z0-9]{5}){2}$`).FindString(said)
	if p := b.Get("/login/word").Press("Verify", "code", "aaaaa-aaaaa-aaaaa"); p.Status != 422 {
		t.Errorf("a wrong word answers %d", p.Status)
	}
	b.Get("/login/word").Press("Verify", "code", word).On("/login/method")
	if got := in.Ask("select count(*) from mobile_numbers"); got != "0" {
		t.Errorf("%s numbers are left", got)
	}
	if got := in.Ask("select count(*) from audit_events where action = 'two_factor_reset' and actor = 'command line' " +
		"and subject = 'jdoe'"); got != "1" {
		t.Errorf("%s audit events tell of the reset, not 1", got)
	}
}

func TestDemoIsRefusedWhereItsCodesWouldBeSeenOrRealMessagesSent(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := demoEnvironment(data)
	for _, args := range [][]string{{"demo"}, {"serve"}} {
		program.Refused(t, program.With(env, "VONAGE_API_KEY", "abcd1234"), "", args, "VONAGE_API_KEY")
		said := program.Refused(t, program.With(env, "VONAGE_API_SECRET", program.APISecret, "VONAGE_FROM", "X"), "", args,
			"VONAGE_API_SECRET", "VONAGE_FROM")
		if strings.Contains(said, program.APISecret) {
			t.Errorf("the refusal repeats the secret: %s", said)
		}
		for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:8080"} {
			program.Refused(t, program.With(env, "NIGHTLATCH_ADDR", addr), "", args, "loopback")
		}
		program.Refused(t, program.With(env, "NIGHTLATCH_URL", "https://login.acme.example"), "", args, "loopback")
		program.Refused(t, program.With(env, "NIGHTLATCH_URL", "https://localhost.acme.example"), "", args, "loopback")
		program.Refused(t, program.With(env, "SMS_PROVIDER", "pigeon"), "", args, "pigeon")
	}
	program.Refused(t, program.With(env, "SMS_PROVIDER", ""), "", []string{"demo"}, "SMS_PROVIDER=demo")
	program.Refused(t, program.With(env, "SMS_PROVIDER", "vonage"), "", []string{"demo"}, "SMS_PROVIDER=demo")
	left, err := os.ReadDir(data)
	if err != nil || len(left) != 0 {
		t.Errorf("a refused demo left %v behind (%v)", left, err)
	}
}

func TestServeIsRefusedWithASentenceForEveryWrongSetting(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	program.Refused(t, program.With(in.Env, "SMS_PROVIDER", ""), "", []string{"serve"}, "SMS_PROVIDER")
	program.Refused(t, program.With(in.Env, "SMS_PROVIDER", ""), "", []string{"serve", "--only", "web"}, "SMS_PROVIDER")
	program.Refused(t, in.Env, "", []string{"serve", "--only", "half"}, "--only")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_URL", "http://login.acme.example"), "", []string{"serve"},
		"NIGHTLATCH_URL", "https")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_ADDR", "0.0.0.0:0", "NIGHTLATCH_URL", "http://10.0.0.5"), "",
		[]string{"serve"}, "https")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_URL", "login.acme.example"), "",
		[]string{"serve"}, "NIGHTLATCH_URL")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_URL", "https://login.acme.example/portal"), "",
		[]string{"serve"}, "NIGHTLATCH_URL")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_ADDR", "8080"), "", []string{"serve"}, "NIGHTLATCH_ADDR")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_NAME", strings.Repeat("n", 31)), "", []string{"serve"},
		"NIGHTLATCH_NAME")
	program.Refused(t, program.With(in.Env, "VONAGE_API_KEY", "short"), "", []string{"serve"}, "VONAGE_API_KEY")
	program.Refused(t, program.With(in.Env, "VONAGE_API_SECRET", ""), "", []string{"serve"}, "VONAGE_API_SECRET")
	program.Refused(t, program.With(in.Env, "VONAGE_FROM", ""), "", []string{"serve"}, "VONAGE_FROM")
	program.Refused(t, program.With(in.Env, "VONAGE_BASE_URL", "http://sms.acme.example/sms"), "", []string{"serve"},
		"VONAGE_BASE_URL")
	n := program.Spawn(t, in.Env)
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_ADDR", strings.TrimPrefix(n.URL, "http://")), "",
		[]string{"serve"}, "NIGHTLATCH_ADDR")
}

func TestNoErrorRepeatsASecret(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	const secret = "planted5ecret77"
	for what, env := range map[string]map[string]string{
		"a database that is not there": program.With(in.Env, "DATABASE_URL", "postgres://nightlatch:"+secret+
			"@127.0.0.1:1/nightlatch"),
		"a database address with a bad %": program.With(in.Env, "DATABASE_URL", "postgres://nightlatch:"+secret+
			"%zz@127.0.0.1:1/nightlatch"),
		"a database address with bad port": program.With(in.Env, "DATABASE_URL", "postgres://nightlatch:"+secret+
			"@127.0.0.1:port/nightlatch"),
		"a database address with a space": program.With(in.Env, "DATABASE_URL", "postgres://nightlatch: "+secret+
			"@127.0.0.1 :1/nightlatch"),
		"a database in keywords": program.With(in.Env, "DATABASE_URL", "host=127.0.0.1 password="+
			secret+" port=none"),
		"a database in keywords, not there": program.With(in.Env, "DATABASE_URL",
			"host=127.0.0.1 port=1 user=n dbname=n password="+secret),
		"a public origin with a password": program.With(in.Env, "NIGHTLATCH_URL",
			"https://me:"+secret+"@login.acme.example"),
		"a provider's address with one": program.With(in.Env, "VONAGE_BASE_URL",
			"https://me:"+secret+"@rest.nexmo.com/sms"),
		"a provider's address that is none": program.With(in.Env, "VONAGE_BASE_URL", "https://me:"+secret+"@%zz"),
		"an API secret with a blank":        program.With(in.Env, "VONAGE_API_SECRET", secret+" "+secret),
		"an API key of the wrong length":    program.With(in.Env, "VONAGE_API_KEY", secret),
		"a sender that is too long": program.With(in.Env, "VONAGE_API_SECRET", secret, "VONAGE_FROM",
			"Nightlatch Portal"),
		"a key file with a broken key": program.With(in.Env, "NIGHTLATCH_KEY_FILE",
			program.KeyFile(t, base64.StdEncoding.EncodeToString([]byte(secret))+"\n", 0o600)),
	} {
		t.Run(what, func(t *testing.T) {
			commands := []string{"serve"}
			if strings.Contains(env["DATABASE_URL"], secret) {
				commands = append(commands, "migrate")
			}
			for _, name := range commands {
				r := program.Command(t, env, "", name)
				if r.Code != 1 {
					t.Errorf("%s was not refused: %s", name, r)
				}
				if strings.Contains(r.Out+r.Err, secret) ||
					strings.Contains(r.Out+r.Err, base64.StdEncoding.EncodeToString([]byte(secret))) {
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
		if r := program.Command(t, in.Env, secret+"\n", args...); r.Code != 1 || strings.Contains(r.Out+r.Err, secret) {
			t.Errorf("a password on the command line: %s", r)
		}
	}
}

func TestTheKeyFileIsRefusedWhenItIsMissingOpenMalformedOrAnothers(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	serve := []string{"serve"}
	missing := filepath.Join(t.TempDir(), "no-such-file")
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", missing), "", serve, missing)
	if _, err := os.Stat(missing); err == nil {
		t.Error("a key file that the operator named was made")
	}
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", ""), "", serve, "NIGHTLATCH_KEY_FILE")
	ours, err := os.ReadFile(in.Env["NIGHTLATCH_KEY_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o660, 0o620} {
		program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, string(ours), mode)), "", serve,
			fmt.Sprintf("%#o", mode))
	}
	for _, text := range []string{"", "\n\n", "not base64!\n", "c2hvcnQ=\n", string(ours) + "and a word\n"} {
		program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, text, 0o600)), "", serve, "key")
	}
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", t.TempDir()), "", serve, "not a file")
	for _, args := range [][]string{serve, {"office", "list"}} {
		said := program.Refused(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, keys.Generate(), 0o600)),
			"", args, "fingerprint")
		if strings.Contains(said, strings.TrimSpace(string(ours))) {
			t.Error("the refusal shows a key")
		}
	}
	// A newer key before ours is no other installation.
	if r := program.Command(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, keys.Generate()+string(ours),
		0o600)), "", "office", "list"); r.Code != 0 {
		t.Errorf("with a newer key before the database's own: %s", r)
	}
}

func TestDemoAgainAndAgainKeepsThePasswordAndWhatWasChanged(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := program.With(demoEnvironment(data), "DATABASE_URL", dbtest.URL(t))
	program.Succeeds(t, env, "", "demo")
	first := demoPasswordOf(t, data)
	info, err := os.Stat(filepath.Join(data, "keys"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file under NIGHTLATCH_DATA: %v, %v", info, err)
	}
	in := &program.Installation{T: t, Env: env, Pool: program.PoolOf(t, env["DATABASE_URL"])}
	in.Exec("update offices set two_factor_required = true, name = 'Renamed'")
	in.Exec("update users set name = 'Changed', role = 'accountant' where username = 'user-new'")
	in.Exec("update mobile_numbers set number = '+31657431290' where user_id = (select id from users where username = " +
		"'user-confirmed')")
	in.Exec("delete from users where username = 'user-unconfirmed'")
	before := in.Ask("select string_agg(username || name || role || password_hash, ',' order by id) from users where " +
		"username <> 'user-unconfirmed'")
	program.Succeeds(t, env, "", "demo")
	program.Succeeds(t, env, "", "demo")
	if again := demoPasswordOf(t, data); again != first {
		t.Errorf("the password was %q and is %q", first, again)
	}
	if got := in.Ask("select string_agg(username || name || role || password_hash, ',' order by id) from users where " +
		"username <> 'user-unconfirmed'"); got != before {
		t.Errorf("demo changed users:\n%s\n%s", before, got)
	}
	if got := in.Ask("select name || two_factor_required from offices"); got != "Renamedtrue" {
		t.Errorf("demo changed the office: %s", got)
	}
	if got := in.Ask("select number from mobile_numbers m join users u on u.id = m.user_id where username = " +
		"'user-confirmed'"); got != "+31657431290" {
		t.Errorf("demo changed a number: %s", got)
	}
	if got := in.Ask("select count(*) from users"); got != "5" {
		t.Errorf("there are %s users, not 5", got)
	}
	n := program.Spawn(t, env)
	program.NewBrowser(t, n.URL).LogIn("DEMO", "user-unconfirmed", first).On("/login/check")
}

func TestOneDataFolderServesOnceAndOtherCommandsAttach(t *testing.T) {
	t.Parallel()
	data := localData(t)
	env := demoEnvironment(data)
	n := program.Spawn(t, env)
	pid := postgresOf(t, data)
	program.Refused(t, env, "", []string{"serve"}, "DATABASE_URL")
	program.Succeeds(t, env, "", "office", "create", "--code", "BESIDE", "--name", "Beside")
	if got := program.Succeeds(t, env, "", "office", "list"); got != "BESIDE\tBeside\toff\n" {
		t.Errorf("office list beside serve says %q", got)
	}
	if again := postgresOf(t, data); again != pid {
		t.Error("a command that attached has stopped the server")
	}
	program.NewBrowser(t, n.URL).Get("/readyz").Says("ready")
	if err := n.End(); err != nil {
		t.Errorf("SIGTERM ended serve with %v", err)
	}
	// And afterwards every command stands on its own feet.
	if got := program.Succeeds(t, env, "", "office", "list"); got != "BESIDE\tBeside\toff\n" {
		t.Errorf("office list after serve says %q", got)
	}
}

func TestHelpIsShownAndEndsCleanly(t *testing.T) {
	t.Parallel()
	env := program.Environment(nil)
	help := program.Succeeds(t, env, "", "--help")
	for _, word := range []string{"serve", "migrate", "demo", "office create", "office list", "office two-factor",
		"user create", "user reset-two-factor"} {
		if !strings.Contains(help, word) {
			t.Errorf("--help does not name %q:\n%s", word, help)
		}
	}
	if got := program.Succeeds(t, env, "", "user", "create", "--help"); !strings.Contains(got, "--password-stdin") {
		t.Errorf("user create --help says:\n%s", got)
	}
	program.Succeeds(t, env, "", "serve", "--help")
	program.Refused(t, env, "", []string{"frobnicate"}, "frobnicate", "--help")
}
