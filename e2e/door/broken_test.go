package door

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nightlatch/nightlatch/e2e/program"
)

// fault is what somebody did to the configuration of a host: the doctor says so in its own words, and nothing else.
type fault struct {
	wrong   string // as --json has it; "" for a configuration that is right
	changes []string
	before  string // the site, in nginx's http block
}

var nginxFaults = map[string]fault{
	"right":      {},
	"open":       {wrong: "open", changes: []string{"auth_request /.nightlatch/check;", ""}},
	"ignored":    {wrong: "ignored", changes: []string{"= @nightlatch;", "=200 /welcome;", "location / {", welcome}},
	"partly":     {wrong: "partly", changes: []string{"location / {", public}},
	"spelled":    {wrong: "claims", changes: []string{"underscores_in_headers off", "underscores_in_headers on"}},
	"dotted":     {wrong: "claims", changes: []string{"ignore_invalid_headers on", "ignore_invalid_headers off"}},
	"host":       {wrong: "host", changes: []string{"X-Forwarded-Host HOST", "X-Forwarded-Host $http_host"}},
	"proto":      {wrong: "proto", changes: []string{"X-Forwarded-Proto http;", "X-Forwarded-Proto https;"}},
	"method":     {wrong: "method", changes: []string{"X-Forwarded-Method $request_method", "X-Forwarded-Method GET"}},
	"uri":        {wrong: "uri", changes: []string{"X-Forwarded-Uri $request_uri", "X-Forwarded-Uri $uri"}},
	"address":    {wrong: "address", changes: []string{"proxy_set_header X-Forwarded-For $remote_addr;", ""}},
	"body":       {wrong: "body", changes: []string{`proxy_set_header Content-Length "";`, ""}},
	"cached":     {wrong: "cached", changes: []string{"internal;", cache}, before: cachePath},
	"bare":       {wrong: "bare", changes: []string{"error_page 401 403 500 = @nightlatch;", ""}},
	"routed":     {wrong: "routed", changes: []string{"location /.nightlatch/ {", "location /.elsewhere/ {"}},
	"hostname":   {wrong: "hostname", changes: []string{"proxy_set_header Host HOST;", ""}},
	"cookieless": {wrong: "cookie", changes: []string{"location /.nightlatch/ {", noCookies}},
	"unnamed":    {wrong: "unnamed", changes: []string{"underscores_in_headers off;", "proxy_bind 127.0.0.2;"}},
	"away":       {wrong: "away", changes: []string{"server NIGHTLATCH;", "server 127.0.0.1:1;"}},
	"upgrade":    {wrong: "upgrade", changes: []string{"location / {", socket}},
	"elsewhere":  {wrong: "unasked", changes: []string{"location = /.nightlatch/check {", nobody}},
}

const (
	public  = "location /static/ {\n proxy_pass UPSTREAM;\n }\n location / {"
	welcome = "location = /welcome {\n auth_request off;\n proxy_pass UPSTREAM;\n }\n location / {"
	socket  = `if ($http_upgrade) {
        rewrite ^ /socket last;
    }
    location = /socket {
        proxy_pass UPSTREAM;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
    }
    location / {`
	cache = `internal;
        proxy_cache checks;
        proxy_cache_valid any 1m;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;`
	cachePath = "proxy_cache_path cache keys_zone=checks:1m;\n"
	noCookies = "location /.nightlatch/ {\n proxy_hide_header Set-Cookie;"
	nobody    = "location = /.nightlatch/check {\n return 403;"
)

var caddyFaults = map[string]fault{
	"right":      {},
	"claims":     {wrong: "claims", changes: []string{"request_header -Remote*", "", "request_header -X-Nightlatch*", ""}},
	"folded":     {wrong: "claims", changes: []string{"request_header -X_*", ""}},
	"mixed":      {wrong: "claims", changes: []string{"request_header -X-Nightlatch*", "request_header -X-Nightlatch-*"}},
	"clock":      {wrong: "clock", changes: []string{"route {", yesteryear}},
	"away":       {wrong: "away", changes: []string{"NIGHTLATCH", "127.0.0.1:1"}},
	"connection": {wrong: "connection", changes: []string{"request_header @plain -Connection", ""}},
	"open":       {wrong: "open", changes: []string{"forward_auth NIGHTLATCH {", "forward_auth /admin/* NIGHTLATCH {"}},
	"scheme":     {wrong: "proto", changes: []string{"X-Forwarded-Proto http", "X-Forwarded-Proto https"}},
	"routed":     {wrong: "routed", changes: []string{"handle /.nightlatch/* {", "handle /.elsewhere/* {"}},
}

const yesteryear = `route {
		header {
			Date "Thu, 01 Jan 2026 00:00:00 GMT"
			defer
		}`

func TestTheDoctorFindsEachBrokenNginx(t *testing.T) {
	t.Parallel()
	diagnose(t, "nginx", nginxFaults, "\nupstream nightlatch-")
}

func TestTheDoctorFindsEachBrokenCaddy(t *testing.T) {
	t.Parallel()
	diagnose(t, "caddy", caddyFaults, "\nhttp://")
}

// diagnose starts one proxy with a host for each fault, and asks the doctor about each.
func diagnose(t *testing.T, proxy string, faults map[string]fault, begins string) {
	h := &house{Installation: program.Install(t), proxy: proxy}
	application := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(application.Close)
	at := program.FreeAddress(t)
	h.Env = program.With(h.Env, "NIGHTLATCH_ADDR", at, "NIGHTLATCH_URL", "http://localhost:"+port(at),
		"NIGHTLATCH_TRUSTED_PROXIES", "127.0.0.1")
	urls, register := map[string]string{}, []string{"app", "create", "--name", "Broken", "--offices", "all"}
	for name := range faults {
		urls[name] = "http://" + name + ".localhost:" + port(program.FreeAddress(t))
		register = append(register, "--host", strings.TrimPrefix(urls[name], "http://"))
	}
	program.Succeeds(t, h.Env, "", append(register, "--url", urls["right"])...)
	sites := program.Succeeds(t, h.Env, "", "app", "config", "Broken", "--proxy", proxy, "--upstream", application.URL)
	var config strings.Builder
	for i, site := range strings.Split(sites, begins) {
		if i == 0 {
			continue // what is said of all of them
		}
		for name, f := range faults {
			if host := strings.TrimPrefix(urls[name], "http://"); strings.Contains(site, host) {
				words := strings.NewReplacer("HOST", host, "UPSTREAM", application.URL, "NIGHTLATCH", at)
				config.WriteString(f.before + f.spoil(t, begins+site, words))
			}
		}
	}
	program.Spawn(t, h.Env)
	program.Front(t, proxy, config.String(), "127.0.0.1:"+port(strings.TrimPrefix(urls["right"], "http://")))
	var all sync.WaitGroup
	for name, f := range faults {
		all.Go(func() { h.says(t, name, urls[name], f.wrong) })
	}
	all.Wait()
	if n := h.Count("select count(*) from door_sightings"); n != 0 {
		t.Errorf("%d sightings are left", n)
	}
}

// spoil changes the configuration of a host.
func (f fault) spoil(t *testing.T, site string, words *strings.Replacer) string {
	t.Helper()
	for i := 0; i < len(f.changes); i += 2 {
		from, to := words.Replace(f.changes[i]), words.Replace(f.changes[i+1])
		if !strings.Contains(site, from) {
			t.Fatalf("the configuration has no %q:\n%s", from, site)
		}
		site = strings.ReplaceAll(site, from, to)
	}
	return site
}

// says fails the test unless the doctor finds one thing, and ends accordingly.
func (h *house) says(t *testing.T, name, address, wrong string) {
	r := program.Command(t, h.Env, "", "doctor", address, "--json")
	var found []struct{ Wrong, Problem, Mend string }
	if err := json.Unmarshal([]byte(r.Out), &found); err != nil {
		t.Errorf("%s: %s (%v)", name, r, err)
		return
	}
	if wrong == "" {
		if r.Code != 0 || len(found) != 0 {
			t.Errorf("%s is right, and the doctor ends with %d: %v", name, r.Code, found)
		}
		return
	}
	if r.Code != 1 || len(found) != 1 || found[0].Wrong != wrong {
		t.Errorf("%s: the doctor ends with %d and finds %v, not %s alone", name, r.Code, found, wrong)
		return
	}
	if found[0].Problem == "" || found[0].Mend == "" || strings.Contains(found[0].Problem+found[0].Mend, "<no value>") {
		t.Errorf("%s: it says %q, %q", name, found[0].Problem, found[0].Mend)
	}
}
