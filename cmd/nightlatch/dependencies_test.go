package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Scanners look at what is linked: libraries of which a fault is known that nobody mends any more.
func TestNoAbandonedLibraryIsLinked(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("go", "list", "-deps", "-f",
		"{{with .Module}}{{.Path}}@{{.Version}}{{with .Replace}} => {{.Path}}@{{.Version}}{{end}}{{end}}", ".")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := "\n" + string(out)
	if !strings.Contains(all, "\ngithub.com/golang-jwt/jwt/v5@") {
		t.Fatalf("these are not the program's:%s", all)
	}
	for line := range strings.Lines(all) {
		if strings.HasPrefix(line, "github.com/golang-jwt/jwt@") && !strings.Contains(line, "=> ./internal/sms/unsigned@") {
			t.Errorf("CVE-2025-30204 has no mend in %s", line)
		}
	}
}
