package program_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/e2e/program"
)

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	peer       = regexp.MustCompile(`oauth2-proxy(?:/v\d+)?@(v[0-9.]+)`)
)

// What README tells a reader to type, to put an application behind a proxy and to sign in to one by OpenID Connect,
// works as it stands there, and what it prints is what the next line needs.
func TestTheCommandsOfReadmeWork(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	in := program.Install(t)
	env := program.With(in.Env, "SMS_PROVIDER", "demo", "NIGHTLATCH_TRUSTED_PROXIES", "127.0.0.1")
	for name := range env {
		if strings.HasPrefix(name, "VONAGE_") || name == "NIGHTLATCH_URL" {
			delete(env, name) // a reader has none
		}
	}
	done := map[string]string{}
	for _, title := range []string{"Put it in front of an application", "Sign in to an OpenID Connect application"} {
		_, section, found := strings.Cut(string(readme), "\n## "+title+"\n")
		block := shellBlock.FindStringSubmatch(section)
		if !found || block == nil {
			t.Fatalf("README has no %q with commands", title)
		}
		for _, line := range strings.Split(strings.ReplaceAll(block[1], "\\\n", " "), "\n") {
			line, _, _ = strings.Cut(line, " #")
			line, into, _ := strings.Cut(line, " > ")
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "bin/nightlatch" || words[1] == "serve" {
				continue
			}
			out := program.Succeeds(t, env, "", words[1:]...)
			if into = strings.TrimSpace(into); into != "" && out == "" {
				t.Errorf("%s writes nothing into %s", line, into)
			}
			done[strings.Join(words[1:min(3, len(words))], " ")] = out
		}
	}
	for command, want := range map[string]string{
		"app create": "client_secret", "app config": "forward_auth 127.0.0.1:",
	} {
		if !strings.Contains(done[command], want) {
			t.Errorf("%s prints no %q: %s", command, want, done[command])
		}
	}
	if n := in.Ask("select count(*) from applications"); n != "2" {
		t.Errorf("%s applications are registered", n)
	}
	told, built := peer.FindStringSubmatch(string(readme)), peer.FindStringSubmatch(string(makefile))
	if told == nil || built == nil || told[1] != built[1] {
		t.Errorf("README installs %v, and the tests run %v", told, built)
	}
}
