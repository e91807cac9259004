// Package program is the fixture of tests that ask the program from outside: an installation, its nodes as processes,
// and browsers without JavaScript.
package program

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

// together is how many tests run at a time: most of them wait, for a retry or a rescue, and use no core.
const together = "4"

// Programs that the Makefile has built: one with the race detector, where tests have it, and one without. Commands that
// run to their end are without: three hundred of them start several times as fast so, and share nothing to watch.
const (
	racedFrom = "NIGHTLATCH_TEST_RACED"
	plainFrom = "NIGHTLATCH_TEST_PROGRAM"
)

// binary is the program as a node, and commands the one for short commands. Main or Use is the only writer, before
// anything runs.
var binary, commands string

// Use sets the program, for one that is no test's: scripts/bench.
func Use(path string) { binary, commands = path, path }

// Main runs a package's tests with the program, and with a PostgreSQL server: see package dbtest. Its nodes are without
// the race detector: what requests do side by side is watched by the tests of handlers and of faults.
func Main(m *testing.M) { run(m, false) }

// MainRaced is Main with nodes that have the race detector, where the tests have it: for tests of what happens at once.
func MainRaced(m *testing.M) { run(m, Raced) }

func run(m *testing.M, raced bool) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = flag.Set("test.parallel", together)
	}
	dbtest.Main(built{m, raced})
}

// built runs tests with the program, which it builds unless the Makefile has.
type built struct {
	tests *testing.M
	raced bool
}

func (b built) Run() int {
	commands = os.Getenv(plainFrom)
	if binary = commands; b.raced {
		binary = os.Getenv(racedFrom)
	}
	if binary != "" && commands != "" {
		return b.tests.Run()
	}
	dir, err := os.MkdirTemp("", "nightlatch-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "program:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "nightlatch")
	commands = binary
	args := []string{"build", "-o", binary}
	if b.raced {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "github.com/nightlatch/nightlatch/cmd/nightlatch")...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "program: build the program:", err)
		return 1
	}
	return b.tests.Run()
}
