package phone

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// A process of its own, because every other test warms up too. Three slow
// countries are allowed for: the machine has other things to do.
func TestAfterWarmNoCountryTakesAMillisecond(t *testing.T) {
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
	var slow []string
	for _, c := range Countries() {
		example := phonenumbers.GetExampleNumberForType(string(c), phonenumbers.MOBILE)
		typed := fmt.Sprintf("+%d%d", example.GetCountryCode(), example.GetNationalNumber())
		start := time.Now()
		Live(typed, Globe, false)
		n, _ := Parse(typed, c)
		n.International()
		if took := time.Since(start); took > time.Millisecond {
			slow = append(slow, fmt.Sprintf("%s %v", c, took))
		}
	}
	if len(slow) > 3 {
		t.Errorf("%d countries: %s", len(slow), strings.Join(slow, ", "))
	}
}
