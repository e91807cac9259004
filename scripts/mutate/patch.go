package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// test is a test or a fuzz target, whose seeds run as a test, by its package's folder.
type test struct{ folder, name string }

func (t test) String() string { return t.folder + " " + t.name }

// patch is one file NAME.patch: header lines, words for readers, and a unified diff. fails may stand several times; a
// test that measures is said to run alone.
//
//	for: B34, advisory 20, ASVS 8.2.2
//	fails: handlers TestAnotherOfficesIDIsAsUnknownAsNone
type patch struct {
	name  string
	file  string
	lines []string // of the evidence, by which each is called in the header
	fails []test   // the tests that must fail, of those that the lines name
	alone bool     // they measure, and run with nothing beside them
}

// patches returns what a folder has, by name.
func patches(folder string) ([]patch, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.patch"))
	if err != nil {
		return nil, err
	}
	var all []patch
	for _, file := range files {
		text, err := os.ReadFile(file) // #nosec G304 -- a file of the repository
		if err != nil {
			return nil, err
		}
		p, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		p.file, p.name = file, strings.TrimSuffix(filepath.Base(file), ".patch")
		all = append(all, p)
	}
	return all, nil
}

func parse(text string) (patch, error) {
	header, diff, ok := strings.Cut(text, "\n--- ")
	if !ok || !strings.Contains(diff, "\n@@ ") {
		return patch{}, fmt.Errorf("there is no diff")
	}
	var p patch
	for line := range strings.SplitSeq(header, "\n") {
		if lines, ok := strings.CutPrefix(line, "for: "); ok {
			p.lines = strings.Split(lines, ", ")
		}
		if named, ok := strings.CutPrefix(line, "fails: "); ok {
			named, p.alone = strings.CutSuffix(named, " alone")
			folder, name, _ := strings.Cut(named, " ")
			p.fails = append(p.fails, test{folder, name})
		}
	}
	if len(p.lines) == 0 || len(p.fails) == 0 {
		return patch{}, fmt.Errorf("the header does not say which lines it is for, and which test fails")
	}
	return p, nil
}
