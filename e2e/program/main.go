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

// fromMakefile names a program that was built already, with the race detector when the tests have it; commandsFrom one
// without, for commands that run to their end: three hundred of them start several times as fast so, and share nothing
// that the detector could watch.
const (
	fromMakefile = "NIGHTLATCH_TEST_PROGRAM"
	commandsFrom = "NIGHTLATCH_TEST_COMMANDS"
)

// binary is the program, and commands the one for short commands. Main is the only writer, before any test runs.
var binary, commands string

// Main runs a package's tests with the program, and with a PostgreSQL server: see package dbtest.
func Main(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = flag.Set("test.parallel", together)
	}
	dbtest.Main(built{m})
}

// built runs tests after it has built the program.
type built struct{ tests *testing.M }

func (b built) Run() int {
	if binary = os.Getenv(fromMakefile); binary != "" {
		if commands = os.Getenv(commandsFrom); commands == "" {
			commands = binary
		}
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
	if Raced {
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
