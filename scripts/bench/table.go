package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// number is that of a goal, by which the table is ordered.
func (r result) number() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(r.id, "G"))
	return n
}

// table is the goals with what was measured, as Markdown.
func (b *bench) table(results []result) string {
	var text strings.Builder
	slices.SortFunc(results, func(x, y result) int { return x.number() - y.number() })
	text.WriteString("| # | goal | measured | of the goal | |\n|---|---|---|---|---|\n")
	for _, r := range results {
		reached := "–"
		if r.outcome() != "–" {
			reached = digits(r.ratio())
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", r.id, names()[r.id], r.measured(), reached, r.outcome())
	}
	for _, remark := range b.remarks {
		fmt.Fprintf(&text, "\n- %s", remark)
	}
	return text.String() + "\n"
}

// note keeps what a reader must know of a series.
func (b *bench) note(what string, s series) {
	switch {
	case s.loud:
		b.remarks = append(b.remarks, fmt.Sprintf("%s: loud. Others used more than %.0f %% of the processors in nearly "+
			"every round, and all %d count.", what, 100*mostForeign, len(s.rounds)))
	case s.dropped > 0:
		b.remarks = append(b.remarks, fmt.Sprintf("%s: %d of %d rounds dropped, in which others used more than %.0f %% "+
			"of the processors.", what, s.dropped, s.dropped+len(s.rounds), 100*mostForeign))
	}
}

// page is docs/benchmarks.md.
func (b *bench) page(table string) string {
	form := "make bench"
	if b.short {
		form = "make bench/short"
	}
	return fmt.Sprintf(`# Benchmarks

What %[1]s measured on %[2]s, in %[3]s: %[4]s.

%[5]s
%[6]s`, "`"+form+"`", b.began.Format("2006-01-02"), time.Since(b.began).Round(time.Second), machine(), method, table)
}

const method = `A value is the median of the rounds, with the least and the greatest in brackets. *Echo* is a bare Echo
that says hello, measured in the same rounds; ratios count, since what makes a round slow makes both slow. "Of the goal"
is 1 where a goal is just met, and more where there is room; the worst of its figures. Loads are closed loops of 16
connections unless it says otherwise; open loops draw their moments at random (Poisson), and a time counts from the
moment at which the request should have begun. Processor time is that of the program and of every process of
PostgreSQL, from /proc. The load, the program, PostgreSQL (with its default durability) and the provider's stand-in
share the machine. A round in which others used more than 15 % of the processors is dropped.
`

// machine is what was measured on.
func machine() string {
	model := runtime.GOARCH
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	commit, _ := exec.Command("git", "describe", "--always", "--dirty").Output() //nolint:noctx // a moment
	return fmt.Sprintf("%d cores (%s), %s, commit %s", runtime.NumCPU(), model, runtime.Version(),
		strings.TrimSpace(string(commit)))
}
