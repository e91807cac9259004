package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryLineOfTheEvidenceCanFail demands that each line has a patch that takes its property away, or says of itself
// that it is read, not tested; and that each patch applies, and names a test that its lines name.
func TestEveryLineOfTheEvidenceCanFail(t *testing.T) {
	lines, err := evidence("../..")
	if err != nil {
		t.Fatal(err)
	}
	all, err := patches("patches")
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, p := range all {
		cmd := exec.Command("git", "apply", "--check", "-C1", "scripts/mutate/"+p.file)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES=/")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s does not apply: write it anew (%v)\n%s", p.name, err, out)
		}
		for _, name := range p.lines {
			named := func(fails test) bool { return slices.Contains(lines[name].tests, fails) }
			if !slices.ContainsFunc(p.fails, named) {
				t.Errorf("%s: %s names none of %s", p.name, name, p.fails)
			}
			served[name] = true
		}
	}
	for name, l := range lines {
		if l.owed && !served[name] && !l.read {
			t.Errorf("%s has no patch, and does not say that it is %s", name, unmutated)
		}
		if served[name] && l.read {
			t.Errorf("%s is tested: %q is not so", name, unmutated)
		}
	}
}

func TestTenDaysTakeEveryPatchOnce(t *testing.T) {
	var all []patch
	for n := range 37 {
		all = append(all, patch{name: string(rune('a' + n))})
	}
	taken := map[string]int{}
	for day := range 10 {
		now := time.Date(2026, 3, 4+day, 0, 0, 0, 0, time.UTC)
		part, err := choose(all, []string{"today"}, now)
		if err != nil || len(part) < 3 || len(part) > 4 {
			t.Fatal(len(part), err)
		}
		for _, p := range part {
			taken[p.name]++
		}
	}
	for _, p := range all {
		if taken[p.name] != 1 {
			t.Errorf("%q was taken %d times", p.name, taken[p.name])
		}
	}
	for _, wrong := range []string{"0/10", "11/10", "x/10", "nobody"} {
		if _, err := choose(all, []string{wrong}, time.Now()); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

func TestAPatchSaysWhatItIsFor(t *testing.T) {
	const diff = "\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
	p, err := parse("for: B1, ASVS 1.2.3\nfails: x/y TestZ\nwords" + diff)
	if err != nil || strings.Join(p.lines, "+") != "B1+ASVS 1.2.3" || fmt.Sprint(p.fails) != "[x/y TestZ]" {
		t.Error(p, err)
	}
	if p, err = parse("for: B1\nfails: x TestZ alone" + diff); err != nil || !p.alone || p.fails[0].name != "TestZ" {
		t.Error(p, err)
	}
	for _, wrong := range []string{"for: B1" + diff, "fails: x TestZ" + diff, "for: B1\nfails: x TestZ\n"} {
		if _, err := parse(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
