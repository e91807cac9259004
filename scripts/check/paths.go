package main

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

var (
	// quoted is what a document sets as code and looks like a file or folder of ours: it begins with a folder of the
	// top, or names a file of Go, SQL or a page.
	quoted = regexp.MustCompile("`([a-z][\\w./-]*/[\\w./*-]*|[\\w-]+/?[\\w-]*\\.(?:go|sql|html|mjs))`")
	// linked is the target of a link that is no address and no anchor.
	linked = regexp.MustCompile(`\]\(([^):#]+)(?:#[^)]*)?\)`)
)

// lostPaths finds paths that a document names and the repository does not have. The change log speaks of the past.
func lostPaths(files []file) []string {
	known := map[string]bool{}
	for _, f := range files {
		for p := f.path; p != "."; p = path.Dir(p) {
			known[p] = true
		}
	}
	tops := map[string]bool{}
	for p := range known {
		top, _, _ := strings.Cut(p, "/")
		tops[top] = true
	}
	var found []string
	for _, f := range files {
		if !f.is(".md") || f.isForeign() || f.path == "CHANGELOG.md" {
			continue
		}
		for n, line := range strings.Split(f.text, "\n") {
			lost := func(name string) { found = append(found, fmt.Sprintf("%s:%d: there is no %s", f.path, n+1, name)) }
			for _, m := range linked.FindAllStringSubmatch(line, -1) {
				if p := path.Join(path.Dir(f.path), m[1]); !known[p] {
					lost(m[1])
				}
			}
			for _, m := range quoted.FindAllStringSubmatch(line, -1) {
				if !exists(known, tops, strings.TrimRight(m[1], "/")) {
					lost(m[1])
				}
			}
		}
	}
	return found
}

// exists reports whether a name is a path from the top, or the end of one; what begins with no folder of ours and is
// no source file is not spoken of as a path.
func exists(known, tops map[string]bool, name string) bool {
	if known[name] {
		return true
	}
	top, _, _ := strings.Cut(name, "/")
	source := regexp.MustCompile(`\.(go|sql|html|mjs|sh)$`).MatchString(name)
	if !tops[top] && !source {
		return true
	}
	for p := range known {
		if strings.HasSuffix(p, "/"+name) {
			return true
		}
		if ok, _ := path.Match(name, p); ok {
			return true
		}
	}
	return false
}
