package proxyconfig

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/door"
)

// shown are the copies for readers.
var shown = map[string]string{
	"nginx": "../../docs/operating/nginx.conf", "caddy": "../../docs/operating/Caddyfile",
	"traefik": "../../docs/operating/traefik.yaml",
}

var payroll = application.Application{
	Name: "Payroll", URL: "https://payroll.acme.example/", Hosts: []string{"payroll.acme.example"},
}

var here = Places{Upstream: "http://127.0.0.1:9000", Nightlatch: "localhost:8080"}

// UPDATE=1 writes the copies anew.
func TestTheCopiesInTheDocumentsAreWhatIsPrinted(t *testing.T) {
	t.Parallel()
	for _, proxy := range Proxies() {
		var now bytes.Buffer
		if err := Write(&now, proxy, payroll, here); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(shown[proxy], now.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		is, err := os.ReadFile(shown[proxy])
		if err != nil || !bytes.Equal(is, now.Bytes()) {
			t.Errorf("%s is not what is printed (%v): run UPDATE=1 go test ./internal/proxyconfig", shown[proxy], err)
		}
	}
}

// Of every header that tells who is there, each proxy sets the right form; Traefik, which knows no pattern, also takes
// each other spelling away.
func TestEveryHeaderIsSetByTheAnswer(t *testing.T) {
	t.Parallel()
	for _, proxy := range Proxies() {
		var out strings.Builder
		if err := Write(&out, proxy, payroll, here); err != nil {
			t.Fatal(err)
		}
		for _, header := range door.HeaderNames() {
			set := map[string]string{
				"nginx": "proxy_set_header " + header + " $nightlatch_" + variable(header) + ";",
				"caddy": " " + header, "traefik": "- " + header + "\n",
			}[proxy]
			if !strings.Contains(out.String(), set) {
				t.Errorf("%s does not set %s", proxy, header)
			}
			for _, other := range Spellings(header) {
				if proxy == "traefik" && !strings.Contains(out.String(), "          "+other+": \"\"\n") {
					t.Errorf("traefik lets %s through", other)
				}
			}
		}
	}
	age := Spellings("X-Nightlatch-Factor-Age")
	if len(age) != 26 || !slices.Contains(age, "X_Nightlatch.Factor-Age") {
		t.Errorf("of 27 ways to write it, %d are known", len(age)+1)
	}
}

func TestWhatEndsALineIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []Places{
		{"", "127.0.0.1:1"}, {"127.0.0.1:9000", "127.0.0.1:1"}, {"http://a;b", "127.0.0.1:1"},
		{"http://a/path", "127.0.0.1:1"}, {"http://a\n", "127.0.0.1:1"}, {"http://u:p@a", "127.0.0.1:1"},
		{"http://{env.HOME}", "127.0.0.1:1"}, {"http://a", ""}, {"http://a", "b"}, {"http://a", "b;:1"},
		{"http://a", "b:1 2"}, {"http://$a", "b:1"}, {"ftp://a", "b:1"},
	} {
		for _, proxy := range Proxies() {
			var out strings.Builder
			if err := Write(&out, proxy, payroll, bad); err == nil || out.Len() > 0 {
				t.Errorf("%q is taken: %.200s", bad, out.String())
			}
		}
	}
}

func TestSitesOfOneProxyHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, host := range []string{
		"a.b.example", "a-b.example", "a.b-example", "a--b.example", "a.b.example:8443", "[::1]:80",
	} {
		if other, ok := seen[label(host)]; ok || label(host) == "" {
			t.Errorf("%s and %s are both %q", host, other, label(host))
		}
		seen[label(host)] = host
	}
}
