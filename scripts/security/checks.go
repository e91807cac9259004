package main

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed checks.txt
var text string

// check is one line of checks.txt.
type check struct {
	id, what string
	tests    []test
	alone    []test // those of them that measure, and want the machine to themselves
	why      string // why it does not apply; "" when it does
}

// test is a test or a fuzz target, whose seeds run as a test, by its package's folder.
type test struct{ folder, name string }

// batch is what one run of go test takes: a folder's tests together, or one that measures, alone.
type batch struct {
	folder string
	names  []string
}

func checks(text string) ([]check, error) {
	var all []check
	for n, line := range strings.Split(text, "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, " | ", 3)
		if len(fields) != 3 {
			return nil, fmt.Errorf("checks.txt, line %d: not id | what | where", n+1)
		}
		c := check{id: fields[0], what: fields[1]}
		if why, ok := strings.CutPrefix(fields[2], "- "); ok {
			c.why = why
			all = append(all, c)
			continue
		}
		for _, where := range strings.Split(fields[2], ", ") {
			folder, name, ok := strings.Cut(where, " ")
			if !ok {
				return nil, fmt.Errorf("checks.txt, line %d: %q is not a package and a test", n+1, where)
			}
			name, alone := strings.CutSuffix(name, " alone")
			c.tests = append(c.tests, test{folder, name})
			if alone {
				c.alone = append(c.alone, test{folder, name})
			}
		}
		all = append(all, c)
	}
	return all, nil
}
