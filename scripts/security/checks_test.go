package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tests are the names of all tests of a package's folder.
func tests(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests (%v)", folder, err)
	}
	names := map[string]bool{}
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(
			`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			names[m[1]] = true
		}
	}
	return names
}

func TestEveryCheckHasItsLineAndEveryNamedTestExists(t *testing.T) {
	all, err := checks(text)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		if c.id != fmt.Sprintf("B%d", i+1) || c.what == "" || len(c.tests) == 0 && c.why == "" {
			t.Errorf("line %d is %+v", i+1, c)
		}
		for _, test := range c.tests {
			if !tests(t, test.folder)[test.name] {
				t.Errorf("%s: %s has no %s", c.id, test.folder, test.name)
			}
		}
	}
	if len(all) != 51 {
		t.Errorf("there are %d checks, not 51", len(all))
	}
}

func TestWhatMeasuresRunsAlone(t *testing.T) {
	all, err := checks("B1 | x | a TestA, a TestB alone, b TestC\nB2 | y | a TestB, a TestD, b TestC")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(batches(all)); got != "[{a [TestA TestD]} {b [TestC]} {a [TestB]}]" {
		t.Error(got)
	}
}

func TestAFailedTestFailsItsChecks(t *testing.T) {
	a, b := test{"x", "TestA"}, test{"x", "TestB"}
	outcomes := map[test]string{}
	read(strings.NewReader(`{"Action":"pass","Test":"TestA"}
{"Action":"fail","Test":"TestA/sub"}
not json
{"Action":"fail","Test":"TestB"}
{"Action":"fail"}
`), "x", outcomes)
	for want, c := range map[string]check{
		"pass": {tests: []test{a}}, "FAIL: TestB": {tests: []test{a, b}},
		"FAIL: TestC did not run": {tests: []test{a, {"x", "TestC"}}}, "n/a (later)": {why: "later"},
	} {
		if got := c.state(outcomes); got != want {
			t.Errorf("%+v is %s, want %s", c, got, want)
		}
	}
}

// Each line of docs/asvs.md says how a requirement is met, and the tests that it names exist; or it says why it is not.
func TestTheEvidenceNamesTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/asvs.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| (met|partly|not met|n/a) \| (.+?) \| (.*?) ?\|$`)
	named := regexp.MustCompile("`([a-z0-9/]+) ((?:Test|Fuzz)\\w+)`")
	rows, seen := row.FindAllStringSubmatch(string(page), -1), map[string]bool{}
	for _, r := range rows {
		if seen[r[1]] {
			t.Errorf("%s has two lines", r[1])
		}
		seen[r[1]] = true
		found := named.FindAllStringSubmatch(r[4], -1)
		if r[2] == "met" && len(found) == 0 && !strings.Contains(r[4], ".md") && !strings.Contains(r[4], ".mjs") {
			t.Errorf("%s is met, and nothing shows it", r[1])
		}
		for _, n := range found {
			if !tests(t, n[1])[n[2]] {
				t.Errorf("%s: %s has no %s", r[1], n[1], n[2])
			}
		}
		for _, file := range regexp.MustCompile("`((?:docs|e2e)/[\\w./-]+)`").FindAllStringSubmatch(r[4], -1) {
			if _, err := os.Stat("../../" + file[1]); err != nil {
				t.Errorf("%s: %v", r[1], err)
			}
		}
	}
	lines := strings.Count(string(page), "\n| ") - strings.Count(string(page), "| requirement |")
	if len(rows) != lines || len(rows) < 90 {
		t.Errorf("%d of %d lines can be read", len(rows), lines)
	}
}

// Each line of docs/advisories.md names tests that exist, or says why the fault cannot be ours.
func TestTheAdvisoriesNameTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("../../docs/advisories.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$`).FindAllStringSubmatch(string(page), -1)
	for i, r := range rows {
		named := regexp.MustCompile("`([a-z0-9/]+) ((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(r[4], -1)
		if r[1] != fmt.Sprint(i+1) || (len(named) == 0) != strings.HasPrefix(r[3], "does not apply: ") {
			t.Errorf("line %d is %q", i+1, r[0])
		}
		for _, n := range named {
			if !tests(t, n[1])[n[2]] {
				t.Errorf("%s: %s has no %s", r[1], n[1], n[2])
			}
		}
	}
	if len(rows) != 37 {
		t.Errorf("there are %d advisories, not 37", len(rows))
	}
}
