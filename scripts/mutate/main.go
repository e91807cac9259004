// Mutate changes a copy of the program in one small way after the other, as the patches beside it say, and demands
// that the test which each patch names fails: a test that passes then shows nothing. It prints a table of the lines
// of the evidence (scripts/security/checks.txt, docs/advisories.md, docs/asvs.md) that the patches stand for, and ends
// with status 1 when one of them is not caught.
//
//	go run ./scripts/mutate              all of them
//	go run ./scripts/mutate 3/10         the third tenth
//	go run ./scripts/mutate today        the tenth of the day
//	go run ./scripts/mutate office-id    one patch, or several, by their names
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	missed, err := run(os.Args[1:])
	if err == nil && missed > 0 {
		err = fmt.Errorf("%d lines are not caught", missed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// run returns how many lines were not caught.
func run(which []string) (missed int, err error) {
	top, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return 0, fmt.Errorf("find the repository: %w", err)
	}
	if err := os.Chdir(strings.TrimSpace(string(top))); err != nil {
		return 0, err
	}
	all, err := patches("scripts/mutate/patches")
	if err != nil {
		return 0, err
	}
	chosen, err := choose(all, which, time.Now())
	if err != nil {
		return 0, err
	}
	c, err := newCopy()
	if err != nil {
		return 0, err
	}
	defer c.remove()
	passing, err := c.passing(chosen)
	if err != nil {
		return 0, err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for n, p := range chosen {
		begun := time.Now()
		state, err := c.mutate(p, passing)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(os.Stderr, "%d of %d: %s %s, %.0f s\n", n+1, len(chosen), p.name, state, time.Since(begun).Seconds())
		for _, line := range p.lines {
			if state != caught {
				missed++
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", line, state, p.name)
		}
	}
	return missed, table.Flush()
}

// choose returns the patches of a part ("3/10", or "today"), or those of the names.
func choose(all []patch, which []string, now time.Time) ([]patch, error) {
	if len(which) == 0 {
		return all, nil
	}
	part := which[0]
	if part == "today" {
		part = fmt.Sprintf("%d/10", now.YearDay()%10+1)
	}
	var chosen []patch
	if first, last, ok := strings.Cut(part, "/"); ok {
		n, err := strconv.Atoi(first)
		of, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || n < 1 || n > of || len(which) > 1 {
			return nil, fmt.Errorf("%q is no part: 3/10, or today", which)
		}
		for i, p := range all {
			if i%of == n-1 {
				chosen = append(chosen, p)
			}
		}
		return chosen, nil
	}
	for _, name := range which {
		found := false
		for _, p := range all {
			if p.name == name {
				chosen, found = append(chosen, p), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no patch %s", name)
		}
	}
	return chosen, nil
}
