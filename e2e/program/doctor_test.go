package program_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/keys"
)

// diagnosis is what doctor printed, by state.
type diagnosis struct {
	t    testing.TB
	code int
	text string
}

// line is the form of everything that doctor prints.
var line = regexp.MustCompile(`^(ok      |warning |problem ) [A-Z0-9].*\.$`)

func examined(t testing.TB, env map[string]string) diagnosis {
	t.Helper()
	r := program.Command(t, env, "", "doctor")
	for _, l := range strings.Split(strings.TrimSpace(r.Out), "\n") {
		if !line.MatchString(l) {
			t.Errorf("doctor prints %q, which is no state and sentence", l)
		}
	}
	if problems := strings.Count("\n"+r.Out, "\nproblem "); (problems > 0) != (r.Code == 1) {
		t.Errorf("with %d problems doctor ends with %d", problems, r.Code)
	}
	if r.Code == 1 && !strings.Contains(r.Err, "nightlatch: doctor found") {
		t.Errorf("doctor ends with %q", r.Err)
	}
	for _, private := range []string{program.Password, program.APISecret, "657431290"} {
		if strings.Contains(r.Out+r.Err, private) {
			t.Errorf("doctor prints %q", private)
		}
	}
	return diagnosis{t, r.Code, r.Out}
}

// says wants one line of a state that holds all the words.
func (d diagnosis) says(state string, words ...string) {
	d.t.Helper()
	for _, l := range strings.Split(d.text, "\n") {
		if !strings.HasPrefix(l, state+" ") {
			continue
		}
		all := true
		for _, w := range words {
			all = all && strings.Contains(l, w)
		}
		if all {
			return
		}
	}
	d.t.Errorf("doctor does not say %s with %q:\n%s", state, words, d.text)
}

func (d diagnosis) silent(words string) {
	d.t.Helper()
	if strings.Contains(d.text, words) {
		d.t.Errorf("doctor says %q:\n%s", words, d.text)
	}
}

func TestDoctorFindsNothingWrongWithAGoodInstallation(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.Env["VONAGE_SIGNATURE_SECRET"] = "planted-signature-secret"
	in.Env["NIGHTLATCH_URL"] = "https://login.acme.example"
	in.Env["NIGHTLATCH_TRUSTED_PROXIES"] = "127.0.0.1"
	in.User("boss", "superuser", "+31657431290")
	in.Exec("update installation set money_cap = 100")
	in.Exec("insert into users (office_id, username, name, role, password_hash) values (null, 'ops', 'Operator', " +
		"'operator', 'x')")
	program.Spawn(t, in.Env)
	program.Eventually(t, 10*time.Second, "a worker leads", func() bool {
		return in.Ask("select count(*) from river_leader where expires_at > now()") == "1"
	})
	d := examined(t, in.Env)
	if d.code != 0 || strings.Contains(d.text, "problem ") || strings.Contains(d.text, "warning ") {
		t.Errorf("a good installation: exit %d\n%s", d.code, d.text)
	}
	for _, words := range []string{"PostgreSQL", "clocks", "schema", "key file belongs", "vonage", "works jobs", "breaker",
		"operator", "No message", "other nodes are heard"} {
		d.says("ok", words)
	}
	d.silent("planted")
}

func TestDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "+31657431290")
	in.Exec(`insert into river_job (state, max_attempts, kind, queue, scheduled_at, args)
		values ('available', 5, 'send_code', 'sms_login', now() - interval '10 min', '{}')`)
	in.Exec(`insert into river_queue (name, paused_at, updated_at) values ('sms_login', now(), now())`)
	in.Exec(`insert into providers (name, open_since, probe_at, open_class, open_status, balance)
		values ('vonage', now() - interval '3 h', now(), 'account', '9', 3.5)`)
	in.Exec("update installation set money_cap = 10")
	in.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
		select id, date_trunc('month', now()), 'vonage', 'NL', '', 1, 9 from offices`)
	d := examined(t, in.Env)
	d.says("warning", "NIGHTLATCH_URL", "https")
	d.says("warning", "VONAGE_SIGNATURE_SECRET")
	d.says("problem", "No process works jobs", "nightlatch serve")
	d.says("problem", "sms_login", "10 min")
	d.says("problem", "sms_login is paused")
	d.says("problem", "breaker of vonage", "3 h", "account", "status 9")
	d.says("warning", "3.50 left")
	d.says("warning", "9.00 of this month's EUR 10.00")
	d.says("warning", "ACME", "superuser")
	d.says("warning", "operator create")

	in.Exec(`insert into providers (name, balance) values ('gone', 1)`)
	in.Exec(`update costs set cost = 11`)
	d = examined(t, program.With(in.Env, "NIGHTLATCH_BALANCE_WARN", "3"))
	d.says("problem", "breaker of vonage")
	d.silent("gone")
	d.silent("3.50 left")
	d.says("problem", "no message goes to new numbers")
	examined(t, program.With(in.Env, "NIGHTLATCH_BALANCE_WARN", "a lot")).says("problem", "NIGHTLATCH_BALANCE_WARN")
	examined(t, program.With(in.Env, "SMS_PROVIDER", "")).says("problem", "SMS_PROVIDER")
	examined(t, program.With(in.Env, "VONAGE_API_KEY", "short")).says("problem", "VONAGE_API_KEY")
	examined(t, program.With(in.Env, "NIGHTLATCH_URL", "http://login.acme.example")).says("problem", "https")
}

func TestDoctorLooksAtTheDatabaseAndChangesNothing(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	d := examined(t, program.With(in.Env, "DATABASE_URL", "postgres://nightlatch:"+program.APISecret+
		"@127.0.0.1:1/nightlatch"))
	d.says("problem", "does not answer", "DATABASE_URL")
	d.says("ok", "key file")

	empty := emptyDatabase(t)
	d = examined(t, program.With(in.Env, "DATABASE_LISTEN_URL", empty))
	d.says("warning", "Changes are not heard", "DATABASE_LISTEN_URL")
	d.silent("nodes are heard")
	env := program.With(in.Env, "DATABASE_URL", empty)
	examined(t, env).says("problem", "nightlatch migrate")
	if tables := (&program.Installation{T: t, Pool: program.PoolOf(t, empty)}).Ask(
		"select count(*) from pg_tables where schemaname = 'public'"); tables != "0" {
		t.Errorf("doctor made %s tables", tables)
	}
	in.Exec("delete from goose_db_version where version_id > 1")
	examined(t, in.Env).says("problem", "migration 1", "nightlatch migrate")

	data := filepath.Join(t.TempDir(), "none")
	examined(t, program.Environment(map[string]string{
		"SMS_PROVIDER": "demo", "NIGHTLATCH_DATA": data,
	})).says("problem", "no installation here", "DATABASE_URL")
	if _, err := os.Stat(data); err == nil {
		t.Error("doctor made the data folder")
	}
}

func TestDoctorLooksAtTheKeys(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	ours, err := os.ReadFile(in.Env["NIGHTLATCH_KEY_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	file := func(text string, mode os.FileMode) map[string]string {
		return program.With(in.Env, "NIGHTLATCH_KEY_FILE", program.KeyFile(t, text, mode))
	}
	missing := filepath.Join(t.TempDir(), "missing")
	examined(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", missing)).says("problem", missing)
	examined(t, program.With(in.Env, "NIGHTLATCH_KEY_FILE", "")).says("problem", "NIGHTLATCH_KEY_FILE")
	examined(t, file(string(ours), 0o644)).says("problem", "chmod 600")
	examined(t, file(keys.Generate(), 0o600)).says("problem", "not this database's", "fingerprint")
	d := examined(t, file(keys.Generate()+string(ours), 0o600))
	d.says("ok", "key file belongs")
	d.silent(strings.TrimSpace(string(ours)))

	bare := program.With(in.Env, "DATABASE_URL", dbtest.URL(t))
	examined(t, bare).says("ok", "belongs to no key yet")
	examined(t, bare).says("ok", "belongs to no key yet") // looking does not decide
}

func TestDoctorKnowsWhenAMessageLastArrived(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("jdoe", "user", "")
	in.Exec(`insert into sessions (user_id, token_hash, address, user_agent, expires_at)
		select id, sha256(''), '', '', now() from users`)
	asked := func(ago, state string) {
		in.Exec(`with c as (
				insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, expires_at,
					ended_at, outcome)
				select gen_random_uuid()::text, id, user_id, 'sign_in', '+31657431290', 'NL', 'nl', '', now(), now(), 'expired'
					from sessions returning id
			) insert into messages (challenge_id, send_no, state, final, queued_at)
				select id, 1, $1, true, now() - $2::text::interval from c`, state, ago)
	}
	asked("3 h", "failed")
	examined(t, in.Env).says("warning", "asked for 3 h ago", "none is known to have reached a phone")
	asked("50 h", "delivered")
	examined(t, in.Env).says("warning", "asked for 3 h ago", "phone 2 days ago")
	asked("5 min", "delivered")
	examined(t, in.Env).says("ok", "5 min ago")
}

func TestAProxyThatDoesNotTellWhoComesIsToldByServeAndDoctor(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.Env["NIGHTLATCH_ADDR"] = program.FreeAddress(t)
	in.Env["NIGHTLATCH_URL"] = "https://login.acme.example"
	d := examined(t, in.Env)
	d.says("warning", "NIGHTLATCH_URL is https", "NIGHTLATCH_TRUSTED_PROXIES names none")
	d.silent("requests, the last")
	n := program.Spawn(t, in.Env)
	said := func(words string, times int) {
		t.Helper()
		if times > 0 { // what it logs is read a moment after it serves
			program.Eventually(t, 5*time.Second, "serve says "+words, func() bool {
				return strings.Contains(n.Log.String(), words)
			})
		}
		if got := strings.Count(n.Log.String(), words); got != times {
			t.Errorf("serve says %d times, and not %d times: %s", got, times, words)
		}
	}
	said("NIGHTLATCH_TRUSTED_PROXIES names none", 1)
	asked := func(headers ...string) {
		t.Helper()
		b := program.NewBrowser(t, "http://"+in.Env["NIGHTLATCH_ADDR"])
		if _, err := b.Try(http.MethodGet, "/login", nil, headers...); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		asked("X-Forwarded-For", "203.0.113.9")
	}
	said("finding=unnamed", 1)
	examined(t, in.Env).says("warning", "proxy is not named", "requests, the last at")
	if err := n.End(); err != nil {
		t.Fatal(err)
	}

	// A name alone is no cure: what nginx does by itself is to pass a visitor's own header on.
	in.Env["NIGHTLATCH_TRUSTED_PROXIES"] = "127.0.0.1"
	n = program.Spawn(t, in.Env)
	said("NIGHTLATCH_TRUSTED_PROXIES names none", 0)
	asked("X-Forwarded-For", "203.0.113.9")
	if strings.Contains(n.Log.String(), "finding=") {
		t.Error("serve finds fault with what a good proxy says")
	}
	asked()
	asked("X-Forwarded-For", "198.51.100.7, 203.0.113.9")
	said("finding=silent", 1)
	said("finding=passed_on", 1)
	d = examined(t, in.Env)
	d.says("warning", "does not say who comes", "let it set X-Forwarded-For")
	d.says("warning", "passes on the X-Forwarded-For")
	d.silent("names none")
}

func TestDoctorTellsWhichPrivateNetworksProvidersMayBeIn(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	examined(t, in.Env).silent("NIGHTLATCH_SSO_NETWORKS")
	d := examined(t, program.With(in.Env, "NIGHTLATCH_SSO_NETWORKS", "10.20.0.7, 169.254.0.0/16"))
	d.says("ok", "NIGHTLATCH_SSO_NETWORKS", "10.20.0.7/32, 169.254.0.0/16")
	d.says("warning", "169.254.0.0/16", "metadata")
	examined(t, program.With(in.Env, "NIGHTLATCH_SSO_NETWORKS", "inside")).says("problem", "NIGHTLATCH_SSO_NETWORKS",
		"inside")
}
