package main

import (
	"os"
	"regexp"
	"strings"
)

// line is one line of the evidence.
type line struct {
	tests []test
	read  bool // it says of itself that it is read, not tested
	owed  bool // it must have a patch, or be read
}

// unmutated is what a line says of itself that has no patch.
const unmutated = "read, not tested"

var (
	requirement = regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| (met|partly|not met|n/a) \| .+ \| (.*?) ?\|$`)
	advisory    = regexp.MustCompile(`(?m)^\| (\d+) \| .+ \| (.+?) \| (.*?) ?\|$`)
	inBackticks = regexp.MustCompile("`([a-z0-9/]+) ((?:Test|Fuzz)\\w+)`")
	ofACheck    = regexp.MustCompile(`([a-z0-9/]+) ((?:Test|Fuzz)\w+)`)
)

// evidence returns the lines of the three documents by the names that patches call them by.
func evidence(top string) (map[string]line, error) {
	all := map[string]line{}
	text := func(path string) (string, error) {
		text, err := os.ReadFile(top + "/" + path) // #nosec G304 -- a file of the repository
		return string(text), err
	}
	page, err := text("docs/asvs.md")
	if err != nil {
		return nil, err
	}
	for _, m := range requirement.FindAllStringSubmatch(page, -1) {
		all["ASVS "+m[1]] = lineOf(m[3], inBackticks, m[2] == "met")
	}
	if page, err = text("docs/advisories.md"); err != nil {
		return nil, err
	}
	for _, m := range advisory.FindAllStringSubmatch(page, -1) {
		all["advisory "+m[1]] = lineOf(m[3], inBackticks, !strings.HasPrefix(m[2], "does not apply: "))
	}
	if page, err = text("scripts/security/checks.txt"); err != nil {
		return nil, err
	}
	for row := range strings.Lines(page) {
		if fields := strings.SplitN(strings.TrimSpace(row), " | ", 3); len(fields) == 3 && row[0] == 'B' {
			l := lineOf(fields[2], ofACheck, !strings.HasPrefix(fields[2], "- "))
			l.read = strings.Contains(fields[1], unmutated)
			all[fields[0]] = l
		}
	}
	return all, nil
}

func lineOf(shown string, named *regexp.Regexp, owed bool) line {
	l := line{owed: owed, read: strings.Contains(shown, unmutated)}
	for _, m := range named.FindAllStringSubmatch(shown, -1) {
		l.tests = append(l.tests, test{m[1], m[2]})
	}
	return l
}
