package twofactor

import (
	"regexp"
	"testing"
)

func TestARefFitsTheProviders(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z2-7]{26}$`)
	for range 2000 {
		if r := newRef(); !form.MatchString(r) {
			t.Fatalf("ref %q", r)
		}
	}
}
