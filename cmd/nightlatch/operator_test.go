package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/otp"
)

// newOperator makes an operator on the command line and reads the key that was printed.
func newOperator(t testing.TB, env map[string]string, username string) otp.Secret {
	t.Helper()
	var key, address string
	for line := range strings.Lines(succeeds(t, env, password+"\n", "operator", "create", "--username", username, "--password-stdin")) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "otpauth://"):
			address = line
		case len(line) == 39 && strings.Count(line, " ") == 7:
			key = strings.ReplaceAll(line, " ", "")
		}
	}
	u, err := url.Parse(address)
	if err != nil || len(key) != 32 || u.Query().Get("secret") != key || u.Query().Get("issuer") != "Nightlatch" || u.Path != "/Nightlatch:"+username {
		t.Fatalf("the key is %q and the address %q (%v)", key, address, err)
	}
	return otp.Secret(key)
}

func TestOperatorsAreCreatedListedRefusedAndRemoved(t *testing.T) {
	t.Parallel()
	in := install(t)
	create := func(name string) []string {
		return []string{"operator", "create", "--username=" + name, "--password-stdin"}
	}
	if got := succeeds(t, in.env, "", "operator", "list"); got != "" {
		t.Errorf("without operators the list is %q", got)
	}
	secret := newOperator(t, in.env, "ops")
	newOperator(t, in.env, "another")
	for _, taken := range []string{"ops", "OPS", " ops ", "ｏｐｓ"} {
		refused(t, in.env, password, create(taken), "already", "ops")
	}
	for _, bad := range []string{"two words", "", "a/b", strings.Repeat("u", 65)} {
		refused(t, in.env, password, create(bad), "username")
	}
	for _, weak := range []string{"", "\n", "short", "planted-11c", strings.Repeat("w", 129)} {
		said := refused(t, in.env, weak, create("weak"), "password")
		if len(weak) > 4 && strings.Contains(said, weak) {
			t.Errorf("the refusal repeats the password: %s", said)
		}
	}
	refused(t, in.env, password, []string{"operator", "create", "--username", "x"}, "--password-stdin")
	refused(t, in.env, "", []string{"operator", "remove", "--username", "nobody"}, "no operator nobody")
	refused(t, in.env, "", []string{"operator", "remove"}, "--username")
	today := time.Now().UTC().Format("2006-01-02")
	if got := succeeds(t, in.env, "", "operator", "list"); got != "another\t"+today+"\nops\t"+today+"\n" {
		t.Errorf("the list is %q", got)
	}

	n := serving(t, in.env)
	b := newBrowser(t, n.url)
	b.get("/operator/login").press("Log in", "username", "ops", "password", password, "code", appCode(t, secret, 0)).on("/operator")
	b.get("/operator/history").on("/operator/history").says("The command line created the operator ops")
	succeeds(t, in.env, "", "operator", "remove", "--username", "OPS")
	b.get("/operator/history").on("/operator/login").says("Please log in again.")
	b.get("/operator/login").press("Log in", "username", "ops", "password", password).says("That did not match.")
	if got := in.ask("select string_agg(action || ' ' || subject, ', ' order by id) from audit_events where actor = 'command line' and action like 'operator%' and office_id is null"); got !=
		"operator_created ops, operator_key_made ops, operator_created another, operator_key_made another, operator_removed ops" {
		t.Errorf("the history has %s", got)
	}
	// Who is removed may come back, with another key.
	if again := newOperator(t, in.env, "ops"); again == secret {
		t.Error("the old key is back")
	}
}

func TestTheQueuesPageIsAnOperatorsAlone(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.user("boss", "superuser", "+31657431290")
	secret := newOperator(t, in.env, "ops")
	n := serving(t, in.env)
	boss := newBrowser(t, n.url)
	page := boss.logIn("ACME", "boss", password).on("/login/code")
	in.texts(1, 10*time.Second)
	page.press("Verify", "code", in.theCode()).on("/settings/me")
	for _, path := range []string{"/operator/jobs", "/operator/jobs/", "/operator/jobs/api/jobs", "/operator/jobs/favicon.ico", "/operator/history"} {
		if p := boss.get(path); p.status != http.StatusNotFound || strings.Contains(p.body, "send_code") || strings.Contains(p.body, "River") {
			t.Errorf("a superuser's %s answers %d %s", path, p.status, p.body)
		}
		newBrowser(t, n.url).get(path).on("/operator/login")
	}

	ops := newBrowser(t, n.url)
	ops.get("/operator/login").press("Log in", "username", "ops", "password", password).on("/operator/login/code").press("Verify", "code", appCode(t, secret, 0)).on("/operator")
	if p := ops.get("/operator/jobs"); p.status != http.StatusOK || !strings.Contains(p.body, `"/operator/jobs/api"`) {
		t.Errorf("the queue's page answers %d %s", p.status, p.body)
	}
	if p := ops.get("/operator/jobs/api/features"); p.status != http.StatusOK || !strings.Contains(strings.ReplaceAll(p.body, " ", ""), `"job_list_hide_args_by_default":true`) {
		t.Errorf("the features are %s", p.body)
	}
	if p := ops.get("/operator/jobs/api/jobs?state=completed"); !strings.Contains(p.body, "send_code") || strings.Contains(p.body, "657431290") {
		t.Errorf("the jobs are %s", p.body)
	}
	// A retried job whose challenge is over sends nothing, and the retry is in the history.
	id := in.ask("select id from river_job where kind = 'send_code'")
	p, err := ops.try(http.MethodPost, "/operator/jobs/api/jobs/retry", nil)
	if err != nil || p.status != http.StatusBadRequest {
		t.Errorf("a retry of nothing answers %d (%v)", p.status, err)
	}
	r, err := http.NewRequest(http.MethodPost, n.url+"/operator/jobs/api/jobs/retry", strings.NewReader(`{"ids":["`+id+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := ops.client.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("a retry answers %v (%v)", res, err)
	}
	_ = res.Body.Close()
	eventually(t, 10*time.Second, "the retried job is cancelled", func() bool { return in.ask("select state from river_job where id = "+id) == "cancelled" })
	if sent := len(in.sms.Received()); sent != 1 {
		t.Errorf("%d messages went out, not 1", sent)
	}
	ops.get("/operator/history").on("/operator/history").says("ops acted on the job queue").says("POST /jobs/retry " + id)
}
