package program_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
)

func TestOperatorsAreCreatedListedRefusedAndRemoved(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	create := func(name string) []string {
		return []string{"operator", "create", "--username=" + name, "--password-stdin"}
	}
	if got := program.Succeeds(t, in.Env, "", "operator", "list"); got != "" {
		t.Errorf("without operators the list is %q", got)
	}
	secret := program.NewOperator(t, in.Env, "ops")
	program.NewOperator(t, in.Env, "another")
	for _, taken := range []string{"ops", "OPS", " ops ", "ｏｐｓ"} {
		program.Refused(t, in.Env, program.Password, create(taken), "already", "ops")
	}
	for _, bad := range []string{"two words", "", "a/b", strings.Repeat("u", 65)} {
		program.Refused(t, in.Env, program.Password, create(bad), "username")
	}
	for _, weak := range []string{"", "\n", "short", "planted-11c", strings.Repeat("w", 129)} {
		said := program.Refused(t, in.Env, weak, create("weak"), "password")
		if len(weak) > 4 && strings.Contains(said, weak) {
			t.Errorf("the refusal repeats the password: %s", said)
		}
	}
	program.Refused(t, in.Env, program.Password, []string{"operator", "create", "--username", "x"}, "--password-stdin")
	program.Refused(t, in.Env, "", []string{"operator", "remove", "--username", "nobody"}, "no operator nobody")
	program.Refused(t, in.Env, "", []string{"operator", "remove"}, "--username")
	today := time.Now().UTC().Format("2006-01-02")
	if got := program.Succeeds(t, in.Env, "", "operator", "list"); got != "another\t"+today+"\nops\t"+today+"\n" {
		t.Errorf("the list is %q", got)
	}

	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.Get("/operator/login").Press("Log in", "username", "ops", "password", program.Password, "code",
		program.AppCode(t, secret, 0)).On("/operator")
	b.Get("/operator/history").On("/operator/history").Says("The command line created the operator ops")
	program.Succeeds(t, in.Env, "", "operator", "remove", "--username", "OPS")
	b.Get("/operator/history").On("/operator/login").Says("Please log in again.")
	b.Get("/operator/login").Press("Log in", "username", "ops", "password", program.Password).Says("That did not match.")
	if got := in.Ask("select string_agg(action || ' ' || subject, ', ' order by id) from audit_events where actor = " +
		"'command line' and action like 'operator%' and office_id is null"); got !=
		"operator_created ops, operator_key_made ops, operator_created another, operator_key_made another, "+
			"operator_removed ops" {
		t.Errorf("the history has %s", got)
	}
	// Who is removed may come back, with another key.
	if again := program.NewOperator(t, in.Env, "ops"); again == secret {
		t.Error("the old key is back")
	}
}

func TestTheQueuesPageIsAnOperatorsAlone(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.User("boss", "superuser", "+31657431290")
	secret := program.NewOperator(t, in.Env, "ops")
	n := program.Spawn(t, in.Env)
	boss := program.NewBrowser(t, n.URL)
	page := boss.LogIn("ACME", "boss", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	page.Press("Verify", "code", in.TheCode()).On("/settings/me")
	for _, path := range []string{"/operator/jobs", "/operator/jobs/", "/operator/jobs/api/jobs",
		"/operator/jobs/favicon.ico", "/operator/history"} {
		if p := boss.Get(path); p.Status != http.StatusNotFound || strings.Contains(p.Body, "send_code") ||
			strings.Contains(p.Body, "River") {
			t.Errorf("a superuser's %s answers %d %s", path, p.Status, p.Body)
		}
		program.NewBrowser(t, n.URL).Get(path).On("/operator/login")
	}

	ops := program.NewBrowser(t, n.URL)
	ops.Get("/operator/login").Press("Log in", "username", "ops", "password", program.Password).On("/operator/login/code").
		Press("Verify", "code", program.AppCode(t, secret, 0)).On("/operator")
	if p := ops.Get("/operator/jobs"); p.Status != http.StatusOK || !strings.Contains(p.Body, `"/operator/jobs/api"`) {
		t.Errorf("the queue's page answers %d %s", p.Status, p.Body)
	}
	if p := ops.Get("/operator/jobs/api/features"); p.Status != http.StatusOK ||
		!strings.Contains(strings.ReplaceAll(p.Body, " ", ""), `"job_list_hide_args_by_default":true`) {
		t.Errorf("the features are %s", p.Body)
	}
	if p := ops.Get("/operator/jobs/api/jobs?state=completed"); !strings.Contains(p.Body, "send_code") ||
		strings.Contains(p.Body, "657431290") {
		t.Errorf("the jobs are %s", p.Body)
	}
	// A retried job whose challenge is over sends nothing, and the retry is in the history.
	id := in.Ask("select id from river_job where kind = 'send_code'")
	p, err := ops.Try(http.MethodPost, "/operator/jobs/api/jobs/retry", nil)
	if err != nil || p.Status != http.StatusBadRequest {
		t.Errorf("a retry of nothing answers %d (%v)", p.Status, err)
	}
	r, err := http.NewRequest(http.MethodPost, n.URL+"/operator/jobs/api/jobs/retry",
		strings.NewReader(`{"ids":["`+id+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := ops.Client.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("a retry answers %v (%v)", res, err)
	}
	_ = res.Body.Close()
	program.Eventually(t, 10*time.Second, "the retried job is cancelled", func() bool {
		return in.Ask("select state from river_job where id = "+id) == "cancelled"
	})
	if sent := len(in.SMS.Received()); sent != 1 {
		t.Errorf("%d messages went out, not 1", sent)
	}
	ops.Get("/operator/history").On("/operator/history").Says("ops acted on the job queue").Says("POST /jobs/retry " + id)
}
