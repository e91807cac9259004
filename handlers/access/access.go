// Package access reads access.txt, the table of who may do what: one line for each route and method, one
// column for each kind of visitor and one for the step-up. The tests of handlers ask every cell of it for real, and
// fail for a route that has no line; docs/access.md shows it.
package access

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:generate go run ./render ../../docs/access.md

//go:embed access.txt
var text string

// Visitors are the columns, in the order of the table.
var Visitors = []string{
	"anonymous", "pending", "enrolling", "user", "accountant", "superuser", "elsewhere", "operator", "half-operator",
}

// Outcomes are the words that may stand in a cell, and what each means.
var Outcomes = map[string]string{
	"ok":        "let in: the page, the act, or what is wrong with the form",
	"log-in":    "led to the log-in page",
	"2nd":       "led to the second step",
	"home":      "led to *My settings*",
	"403":       "refused: not your role",
	"404":       "unknown, like an address or an id that does not exist",
	"op:log-in": "led to the operators' log-in",
	"op:2nd":    "led to the operators' second step",
	"op:home":   "led to the operators' pages",
}

// Twices are the words for a form that is sent a second time, and what each means.
var Twices = map[string]string{
	"same":  "the form is performed once, and both are answered as the first was",
	"reads": "changes nothing: it is asked while somebody types",
	"again": "performed again: what it brings about is the same, or counted and bounded",
	"-":     "",
}

// fresh is the word of the last column for a route that takes a step-up, and its heading.
const fresh = "fresh"

// pass is the word that ends the line of a route behind the log-in which a day pass may use, and its heading.
const pass = "pass"

// OpenToPass reports whether a day pass gets what its user gets: see package rescue.
func (r Row) OpenToPass() bool { return r.Pass || r.Outcome["anonymous"] == r.Outcome["user"] }

// Row is one line: a route with its outcomes, by visitor. Method * stands for every method of that path.
type Row struct {
	Method, Path string
	Outcome      map[string]string
	Fresh        bool   // led to the step-up page first, unless the user proved a factor or password just now
	Twice        string // a word of Twices
	Pass         bool   // a day pass may use it, as everybody may what is open to everybody
	Section      string
}

// Table reads the table. An error names the line.
func Table() ([]Row, error) { return Parse(text) }

// Parse reads a table's text.
func Parse(text string) ([]Row, error) {
	var rows []Row
	section := ""
	for n, line := range strings.Split(text, "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
			continue
		}
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		passes := len(fields) == 5+len(Visitors) && fields[4+len(Visitors)] == pass
		if len(fields) != 4+len(Visitors) && !passes {
			return nil, fmt.Errorf("access.txt, line %d: %d fields, not %d: %s", n+1, len(fields), 4+len(Visitors), line)
		}
		row := Row{Method: fields[0], Path: fields[1], Outcome: map[string]string{}, Section: section}
		for i, v := range Visitors {
			if _, ok := Outcomes[fields[2+i]]; !ok {
				return nil, fmt.Errorf("access.txt, line %d: %q is no outcome", n+1, fields[2+i])
			}
			row.Outcome[v] = fields[2+i]
		}
		switch fields[2+len(Visitors)] {
		case fresh:
			row.Fresh = true
		case "-":
		default:
			return nil, fmt.Errorf("access.txt, line %d: %q stands for fresh", n+1, fields[2+len(Visitors)])
		}
		row.Twice = fields[3+len(Visitors)]
		if _, ok := Twices[row.Twice]; !ok || (row.Twice == "-") != (row.Method == "GET") {
			return nil, fmt.Errorf("access.txt, line %d: %q stands for twice", n+1, row.Twice)
		}
		row.Pass = passes
		if passes && row.Outcome["anonymous"] == "ok" {
			return nil, fmt.Errorf("access.txt, line %d: what is open to everybody is open to a day pass", n+1)
		}
		same := func(r Row) bool { return r.Method == row.Method && r.Path == row.Path }
		if slices.ContainsFunc(rows, same) {
			return nil, fmt.Errorf("access.txt, line %d: a second line for %s %s", n+1, row.Method, row.Path)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// Markdown is docs/access.md.
func Markdown(rows []Row) string {
	var b strings.Builder
	b.WriteString(`# Who may do what

Made from [handlers/access/access.txt](../handlers/access/access.txt) by ` + "`make generate`" +
		`: change it there. A test asks every cell for real, as a page and as a fragment, and fails for a route ` +
		`without a line.

| visitor | who |
|---|---|
| anonymous | no session, or one that is over |
| pending | the password is proven, the office demands a second factor, and the user has one |
| enrolling | the same, and the user has none yet |
| user, accountant, superuser | signed in, with a fresh second factor, about another user of the same office |
| elsewhere | the superuser of another office, with ids of this one |
| operator | signed in as an operator |
| half-operator | an operator's password is proven, the code is not |

*Fresh* says whether who is let in is led to the step-up page first unless they proved their factor (or, where ` +
		`none is demanded or there is none, the password) in the last ten minutes. Ending sessions of others takes ` +
		`none: in need it must be quick. Operators have no step-up: their sessions rest for 15 minutes at most. ` +
		`*Pass* says whether a log-in that a superuser let in for the day gets what its user gets; else it is refused.

| outcome | means |
|---|---|
`)
	words := make([]string, 0, len(Outcomes))
	used := map[string]bool{}
	for _, r := range rows {
		for _, o := range r.Outcome {
			used[o] = true
		}
	}
	for o := range used {
		words = append(words, o)
	}
	slices.Sort(words)
	for _, o := range words {
		fmt.Fprintf(&b, "| %s | %s |\n", o, Outcomes[o])
	}
	b.WriteString("\n| twice | means |\n|---|---|\n")
	for _, word := range []string{"same", "reads", "again"} {
		fmt.Fprintf(&b, "| %s | %s |\n", word, Twices[word])
	}
	section := ""
	for _, r := range rows {
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "\n## %s\n\n| route | %s | %s | twice | %s |\n|---|%s\n", section,
				strings.Join(Visitors, " | "), fresh, pass, strings.Repeat("---|", len(Visitors)+3))
		}
		cells := make([]string, len(Visitors)+1)
		for i, v := range Visitors {
			if cells[i] = r.Outcome[v]; cells[i] == "ok" {
				cells[i] = "**ok**"
			}
		}
		if cells[len(Visitors)] = "-"; r.Fresh {
			cells[len(Visitors)] = "**yes**"
		}
		open := "-"
		if r.OpenToPass() {
			open = "yes"
		}
		fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s |\n", r.Method, r.Path, strings.Join(cells, " | "), r.Twice, open)
	}
	return b.String()
}
