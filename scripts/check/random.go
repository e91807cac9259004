package main

import (
	"fmt"
	"regexp"
	"strings"
)

// guessable finds what a program draws from math/rand, whose numbers can be foretold. A line that guards nothing says
// so, as gosec wants it: "#nosec G404".
func guessable(files []file) []string {
	imported := regexp.MustCompile(`(?m)^(?:import)?\s*(\w+ )?"math/rand(/v2)?"$`)
	var found []string
	for _, f := range files {
		if !f.is(".go") || f.isTest() || f.isForeign() {
			continue
		}
		m := imported.FindStringSubmatch(f.text)
		if m == nil {
			continue
		}
		name := "rand"
		if m[1] != "" {
			name = strings.TrimSpace(m[1])
		}
		use := regexp.MustCompile(`\b` + name + `\.\w`)
		for n, line := range strings.Split(f.text, "\n") {
			if use.MatchString(line) && !strings.Contains(line, "#nosec G404") {
				found = append(found, fmt.Sprintf("%s:%d: drawn from math/rand: use crypto/rand", f.path, n+1))
			}
		}
	}
	return found
}
