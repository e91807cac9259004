package program_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v2"

	"github.com/nightlatch/nightlatch/e2e/program"
)

const (
	dashboardFile = "../../docs/operating/dashboard.json"
	alertsFile    = "../../docs/operating/alerts.yaml"
	operatingFile = "../../docs/operating.md"
)

// alerts is what we read of Prometheus' rules.
type alerts struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

func readAlerts(t testing.TB) alerts {
	t.Helper()
	text, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var a alerts
	if err := yaml.UnmarshalStrict(text, &a); err != nil {
		t.Fatalf("%s: %v", alertsFile, err)
	}
	return a
}

// expressions are all of Prometheus' questions in both files, with where each stands.
func expressions(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, g := range readAlerts(t).Groups {
		for _, r := range g.Rules {
			found["alert "+r.Alert] = r.Expr
		}
	}
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatalf("%s: %v", dashboardFile, err)
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			found["panel "+p.Title+" "+target.RefID] = target.Expr
		}
	}
	if len(found) < 40 {
		t.Fatalf("only %d expressions were found", len(found))
	}
	return found
}

var metricsAt = regexp.MustCompile(`Metrics are at (http://\S+/metrics)`)

// metricsOf answers where a node's metrics are.
func metricsOf(t testing.TB, n *program.Node) string {
	t.Helper()
	at := metricsAt.FindStringSubmatch(n.Out.String())
	if at == nil {
		t.Fatalf("serve does not say where its metrics are: %s", n.Out)
	}
	return at[1]
}

func fetch(t testing.TB, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// series is what a scrape told: each name with the names of its labels.
func series(text string) map[string]map[string]bool {
	sample := regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? `)
	label := regexp.MustCompile(`([a-z_]+)="`)
	told := map[string]map[string]bool{}
	for _, m := range sample.FindAllStringSubmatch(text, -1) {
		if told[m[1]] == nil {
			told[m[1]] = map[string]bool{"instance": true, "job": true} // Prometheus adds these
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			told[m[1]][l[1]] = true
		}
	}
	return told
}

func TestEveryMetricOfTheDashboardAndTheAlertsIsTold(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	in.Env["NIGHTLATCH_METRICS_ADDR"] = "localhost:0"
	in.User("jdoe", "user", "+31657431290")
	// What is told only where it is known: a balance and a cap.
	in.Exec("update installation set money_cap = 100")
	in.Exec("insert into providers (name, balance) values ('vonage', 12) on conflict (name) do update set balance = 12")
	n := program.Spawn(t, in.Env)
	b := program.NewBrowser(t, n.URL)
	b.LogIn("ACME", "jdoe", "wrong-"+program.Password).Says("That did not match.")
	page := b.LogIn("ACME", "jdoe", program.Password).On("/login/code")
	in.Texts(1, 10*time.Second)
	page.Press("Verify", "code", in.TheCode()).On("/settings/me")
	b.Get("/no/such/page-at-all")

	_, text := fetch(t, metricsOf(t, n))
	told := series(text)
	name := regexp.MustCompile(`\b((?:nightlatch|go|process)_[a-z_]+)(\{[^}]*\})?`)
	matcher := regexp.MustCompile(`([a-z_]+) *[=!]`)
	for where, expr := range expressions(t) {
		used := name.FindAllStringSubmatch(expr, -1)
		if len(used) == 0 && expr != `up{job="nightlatch"} == 0` {
			t.Errorf("%s asks for no metric of ours: %s", where, expr)
		}
		for _, m := range used {
			labels, ok := told[m[1]]
			if !ok {
				t.Errorf("%s asks for %s, which the program does not tell", where, m[1])
				continue
			}
			for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
				if !labels[l[1]] {
					t.Errorf("%s asks for the label %s of %s, which has none", where, l[1], m[1])
				}
			}
		}
	}
	for _, line := range []string{
		`nightlatch_logins_total{method="",outcome="sign_in_refused"} 1`,
		`nightlatch_logins_total{method="",outcome="password_accepted"} 1`,
		`nightlatch_logins_total{method="sms",outcome="signed_in"} 1`,
		`nightlatch_http_requests_total{method="POST",route="/login",status="3xx"} 1`,
		`nightlatch_http_requests_total{method="GET",route="unknown",status="4xx"} 1`, `nightlatch_scrape_ok 1`,
		`nightlatch_workers_alive 1`,
		`nightlatch_challenges_last_hour{outcome="verified"} 1`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("after a log-in the metrics do not tell %s", line)
		}
	}
	for _, private := range []string{"jdoe", "31657431290", "657431290", program.Password, "page-at-all", "ACME"} {
		if strings.Contains(text, private) {
			t.Errorf("the metrics tell %q", private)
		}
	}
}

func TestMetricsAreOffUntilAskedForAndHaveAnAddressOfTheirOwn(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	n := program.Spawn(t, in.Env)
	if strings.Contains(n.Out.String(), "Metrics") {
		t.Errorf("metrics are served although nobody asked: %s", n.Out)
	}
	if status, _ := fetch(t, n.URL+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the public address answers /metrics with %d", status)
	}
	program.Refused(t, program.With(in.Env, "NIGHTLATCH_METRICS_ADDR", "9090"), "", []string{"serve"},
		"NIGHTLATCH_METRICS_ADDR", "host:port")
	env := program.With(in.Env, "NIGHTLATCH_METRICS_ADDR", "localhost:0")
	for _, half := range []string{"web", "work"} {
		n := program.Spawn(t, env, "--only", half)
		at := metricsOf(t, n)
		if status, text := fetch(t, at); status != http.StatusOK || !strings.Contains(text, "\nnightlatch_scrape_ok 1\n") {
			t.Errorf("--only %s answers a scrape with %d: %s", half, status, text)
		}
		for _, path := range []string{"/", "/login", "/debug/pprof/", "/metrics/"} {
			if status, _ := fetch(t, strings.TrimSuffix(at, "/metrics")+path); status != http.StatusNotFound {
				t.Errorf("--only %s answers %s on the metrics' address with %d", half, path, status)
			}
		}
		taken := program.With(env, "NIGHTLATCH_METRICS_ADDR",
			strings.TrimSuffix(strings.TrimPrefix(at, "http://"), "/metrics"))
		program.Refused(t, taken, "", []string{"serve"}, "NIGHTLATCH_METRICS_ADDR")
		if err := n.End(); err != nil {
			t.Error(err)
		}
		if _, err := (&http.Client{Timeout: time.Second}).Get(at); err == nil {
			t.Errorf("the metrics of --only %s outlive it", half)
		}
	}
}

// Profiles show what is in memory: they are asked for, at the private address, and no other has them.
func TestProfilesAreServedOnRequestAndAtThePrivateAddressAlone(t *testing.T) {
	t.Parallel()
	in := program.Install(t)
	on := program.With(in.Env, "NIGHTLATCH_PPROF", "true")
	program.Refused(t, on, "", []string{"serve"}, "NIGHTLATCH_PPROF", "NIGHTLATCH_METRICS_ADDR")
	n := program.Spawn(t, program.With(on, "NIGHTLATCH_METRICS_ADDR", "localhost:0"))
	private := strings.TrimSuffix(metricsOf(t, n), "/metrics")
	for path, served := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/heap": 200, "/debug/pprof/profile?seconds=1": 200,
		"/debug/pprof/trace?seconds=0.1": 200, "/debug/pprof/cmdline": 404, "/debug/vars": 404, "/": 404,
	} {
		if status, _ := fetch(t, private+path); status != served {
			t.Errorf("the private address answers %s with %d", path, status)
		}
		if status, _ := fetch(t, n.URL+path); status != http.StatusNotFound && path != "/" {
			t.Errorf("the public address answers %s with %d", path, status)
		}
	}
}

func TestEveryAlertHasItsSection(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(operatingFile)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, g := range readAlerts(t).Groups {
		for _, r := range g.Rules {
			count++
			_, section, ok := strings.Cut(string(text), "\n### "+r.Alert+"\n")
			section, _, _ = strings.Cut(section, "\n#")
			if !ok || len(strings.Fields(section)) < 20 {
				t.Errorf("docs/operating.md does not say what to do about %s", r.Alert)
			}
			if s := r.Labels["severity"]; s != "critical" && s != "warning" {
				t.Errorf("%s has the severity %q", r.Alert, s)
			}
			if r.Annotations["summary"] == "" {
				t.Errorf("%s has no summary", r.Alert)
			}
		}
	}
	if headings := strings.Count(string(text), "\n### Nightlatch"); headings != count {
		t.Errorf("docs/operating.md has %d sections of alerts, and there are %d alerts", headings, count)
	}
}
