package main

import (
	"strings"
	"testing"
)

func TestEachCheckFindsItsFault(t *testing.T) {
	wide := strings.Repeat("é", widest+1)
	query := file{"db/queries/user.sql", "-- name: UserByID :one\nselect 1;\n"}
	for name, c := range map[string]struct {
		check func([]file) []string
		files []file
		want  string
	}{
		"a wide line": {wideLines, []file{{"static/app.css", "a\n" + wide}},
			"static/app.css:2: 121 columns, 120 at most"},
		"a line that is fine":  {wideLines, []file{{"static/app.css", wide[2:]}}, ""},
		"a file of others":     {wideLines, []file{{"static/vendor/x.js", wide}}, ""},
		"a query for nobody":   {unusedQueries, []file{query}, "db/queries/user.sql: no program calls the query UserByID"},
		"a query of a program": {unusedQueries, []file{query, {"internal/users/users.go", "q.UserByID(ctx)"}}, ""},
		"a query of tests": {unusedQueries, []file{query, {"jobs/jobs_test.go", "q.UserByID(ctx)"}},
			"db/queries/user.sql: no program calls the query UserByID"},
		"a name for nobody": {unusedNames, []file{{"jobs/a.go", "package jobs\n\nfunc Lost() {}\n"}},
			"jobs/a.go:3:6: no program uses Lost"},
		"a method for an interface": {unusedNames,
			[]file{{"jobs/a.go", "package jobs\n\ntype t int\n\nfunc (*t) Lost() {}\n"}},
			""},
		"a name of a page": {unusedNames, []file{{"templates/a.go", "package templates\n\ntype t struct{ Total int }\n"},
			{"templates/a.html", "{{.Total}}"}}, ""},
		"a lost link": {lostPaths, []file{{"docs/a.md", "see [b](b.md)"}}, "docs/a.md:1: there is no b.md"},
		"a link": {lostPaths, []file{{"docs/a.md", "see [b](b.md#x), [c](https://c.example)"},
			{"docs/b.md", ""}}, ""},
		"a lost path": {lostPaths, []file{{"docs/a.md", "see `docs/b.go`"}}, "docs/a.md:1: there is no docs/b.go"},
		"a code that can be foretold": {guessable,
			[]file{{"internal/otp/a.go", "import \"math/rand/v2\"\n\nvar code = rand.IntN(1e6)\n"}},
			"internal/otp/a.go:3: drawn from math/rand: use crypto/rand"},
		"the same by another name": {guessable,
			[]file{{"internal/otp/a.go", "import (\n\tr \"math/rand\"\n)\n\nvar code = r.Intn(1e6)\n"}},
			"internal/otp/a.go:5: drawn from math/rand: use crypto/rand"},
		"a wait that guards nothing": {guessable,
			[]file{{"cmd/a.go", "import \"math/rand/v2\"\n\nvar w = rand.IntN(9) // #nosec G404 -- a wait\n"}}, ""},
		"no path": {lostPaths, []file{{"docs/a.md", "see `/login/code` and `text/html`"}}, ""},
	} {
		if got := strings.Join(c.check(c.files), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
