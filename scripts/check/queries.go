package main

import (
	"fmt"
	"regexp"
	"strings"
)

// unusedQueries finds queries of db/queries that no program calls; what tests call does not count.
func unusedQueries(files []file) []string {
	name := regexp.MustCompile(`(?m)^-- name: (\w+)`)
	called := map[string]bool{}
	call := regexp.MustCompile(`\.(\w+)\(|\bq\.(\w+)`) // called, or handed to whoever calls it
	for _, f := range files {
		if !f.is(".go") || f.isTest() || f.isForeign() {
			continue
		}
		for _, m := range call.FindAllStringSubmatch(f.text, -1) {
			called[m[1]], called[m[2]] = true, true
		}
	}
	var found []string
	for _, f := range files {
		if !f.is(".sql") || !strings.HasPrefix(f.path, "db/queries/") {
			continue
		}
		for _, m := range name.FindAllStringSubmatch(f.text, -1) {
			if !called[m[1]] {
				found = append(found, fmt.Sprintf("%s: no program calls the query %s", f.path, m[1]))
			}
		}
	}
	return found
}
