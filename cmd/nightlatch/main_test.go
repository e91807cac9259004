package main

import (
	"flag"
	"os"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

// asProgram makes the test binary the program itself: what the tests start, kill and ask is main, with the
// race detector in it whenever the tests have it.
const asProgram = "NIGHTLATCH_TEST_AS_PROGRAM"

// together is how many tests run at a time: most of them wait, for a retry or a rescue, and use no core.
const together = "6"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		_ = os.Unsetenv(asProgram)
		main()
		os.Exit(0)
	}
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = flag.Set("test.parallel", together)
	}
	dbtest.Main(m)
}
