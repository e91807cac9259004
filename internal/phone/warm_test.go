package phone

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// compiling is how many allocations more the first touch may take than the next.
// To compile its patterns takes a country 350 and more, and the milliseconds; to
// borrow what the garbage collector took away from a regexp, some 70. Allocations
// can be counted on a busy machine, milliseconds not.
const compiling = 200

// A process of its own, because every other test warms up too.
func TestAfterWarmNoPatternIsLeftToCompile(t *testing.T) {
	const child = "PHONE_TEST_FIRST_TOUCH"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}

	start := time.Now()
	Warm()
	t.Logf("Warm took %v", time.Since(start))
	var longest time.Duration
	for _, c := range Countries() {
		took, first := touch(c)
		_, again := touch(c)
		if first > again+compiling {
			t.Errorf("%s: %d allocations in %v, then %d", c, first, took, again)
		}
		longest = max(longest, took)
	}
	t.Logf("the longest first touch took %v", longest)
}

// touch reads a mobile number of the country: how long it takes, and how often it
// allocates.
func touch(c Country) (time.Duration, uint64) {
	example := phonenumbers.GetExampleNumberForType(string(c), phonenumbers.MOBILE)
	typed := fmt.Sprintf("+%d%s", example.GetCountryCode(), phonenumbers.GetNationalSignificantNumber(example))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	Live(typed, Globe, false)
	n, _ := Parse(typed, c)
	n.International()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return took, after.Mallocs - before.Mallocs
}
