package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	definition = regexp.MustCompile(`(?im)^create (?:or replace )?(view|function) (\w+)`)
	statement  = regexp.MustCompile(`(?i)^(create|alter|drop|insert|update|delete) `)
	ofMigrated = regexp.MustCompile(`(?m)^--- a/(db/migrations/\d+_\w+\.sql)$`)
	hunk       = regexp.MustCompile(`(?m)^@@ -(\d+)(?:,\d+)? `)
)

// TestNoPatchChangesWhatIsReplaced demands that a patch of a view or function of the database changes the definition
// that holds: what a later migration replaces can be changed as one likes, and no test sees it.
func TestNoPatchChangesWhatIsReplaced(t *testing.T) {
	migrations, err := filepath.Glob("../../db/migrations/*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatal(err, "no migrations")
	}
	text, last := map[string]string{}, map[string]string{}
	for _, file := range migrations { // in order of their numbers
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(file, "../../")
		text[name] = string(script)
		for _, m := range definition.FindAllStringSubmatch(string(script), -1) {
			last[m[1]+" "+m[2]] = name
		}
	}
	all, err := patches("patches")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range all {
		diff, err := os.ReadFile(p.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(diff), "\n--- a/")[1:] {
			part = "--- a/" + part
			m := ofMigrated.FindStringSubmatch(part)
			if m == nil {
				continue
			}
			for _, at := range hunk.FindAllStringSubmatch(part, -1) {
				seen++
				line, _ := strconv.Atoi(at[1])
				object := around(text[m[1]], line+3) // a hunk begins with three lines of context
				if object != "" && last[object] != m[1] {
					t.Errorf("%s changes %s of %s: %s replaces it", p.name, object, m[1], last[object])
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no patch changes a migration")
	}
}

// around returns the kind and the name of the view or function in whose definition a line (from 1) is, or "".
func around(script string, line int) string {
	object := ""
	for i, l := range strings.Split(script, "\n") {
		if statement.MatchString(l) {
			object = ""
		}
		if m := definition.FindStringSubmatch(l); m != nil {
			object = m[1] + " " + m[2]
		}
		if i+1 >= line {
			return object
		}
	}
	return ""
}
