// Security runs the tests that stand behind the checks in checks.txt, and prints a table of the checks: pass, fail, or
// why one does not apply. It ends with status 1 when one fails, or when a test that is named did not run.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"text/tabwriter"
)

func main() {
	all, err := checks(text)
	if err == nil {
		var failed int
		if failed, err = run(all, os.Args[1:]); err == nil && failed > 0 {
			err = fmt.Errorf("%d checks failed", failed)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "security:", err)
		os.Exit(1)
	}
}

// run returns how many checks failed. flags go to go test.
func run(all []check, flags []string) (failed int, err error) {
	outcomes := map[test]string{}
	for _, b := range batches(all) {
		fmt.Fprintf(os.Stderr, "%s: %d tests\n", b.folder, len(b.names))
		args := append([]string{
			"test", "-json", "-count=1", "-timeout=20m", "-run", "^(" + strings.Join(b.names, "|") + ")$",
		}, flags...)
		// #nosec G204 G702 -- names of our own file, flags of whoever runs it
		cmd := exec.Command("go", append(args, "./"+b.folder)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		read(out, b.folder, outcomes)
		_ = cmd.Wait() // what failed stands in the outcomes; what did not run is missing there
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range all {
		state := c.state(outcomes)
		if strings.HasPrefix(state, "FAIL") {
			failed++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.id, state, c.what)
	}
	return failed, table.Flush()
}

// batches are the runs of go test, each test in one of them: the folders', then one for each test that measures.
func batches(all []check) []batch {
	var together, alone []batch
	seen := map[test]bool{}
	for _, c := range all {
		for _, t := range c.alone {
			if !seen[t] {
				seen[t] = true
				alone = append(alone, batch{t.folder, []string{t.name}})
			}
		}
	}
	for _, c := range all {
		for _, t := range c.tests {
			if seen[t] {
				continue
			}
			seen[t] = true
			i := slices.IndexFunc(together, func(b batch) bool { return b.folder == t.folder })
			if i < 0 {
				i, together = len(together), append(together, batch{folder: t.folder})
			}
			together[i].names = append(together[i].names, t.name)
		}
	}
	return append(together, alone...)
}

// read takes the outcomes from the lines of go test -json, and shows what a failed test printed.
func read(out io.Reader, folder string, outcomes map[test]string) {
	printed := map[string]string{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		top, _, sub := strings.Cut(e.Test, "/")
		switch e.Action {
		case "output":
			if len(printed[top]) < 4000 {
				printed[top] += e.Output
			}
		case "pass", "fail", "skip":
			if sub {
				continue
			}
			if e.Action == "fail" {
				fmt.Fprint(os.Stderr, printed[top])
			}
			if e.Test != "" {
				outcomes[test{folder, e.Test}] = e.Action
			}
		}
	}
}

// state is pass, or what did not pass, or why the check does not apply.
func (c check) state(outcomes map[test]string) string {
	if c.why != "" {
		return "n/a (" + c.why + ")"
	}
	var bad []string
	for _, t := range c.tests {
		switch outcomes[t] {
		case "pass":
		case "":
			bad = append(bad, t.name+" did not run")
		default:
			bad = append(bad, t.name)
		}
	}
	if len(bad) > 0 {
		return "FAIL: " + strings.Join(bad, ", ")
	}
	return "pass"
}
