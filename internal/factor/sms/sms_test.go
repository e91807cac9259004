package sms

import (
	"regexp"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/keys"
)

func TestNewCodesHaveTheirForm(t *testing.T) {
	t.Parallel()
	ring, err := keys.Parse(keys.Generate())
	if err != nil {
		t.Fatal(err)
	}
	s, six, drawn := New(ring), regexp.MustCompile(`^[0-9]{6}$`), [6]map[byte]int{}
	ref := strings.Repeat("a", 26)
	for place := range drawn {
		drawn[place] = map[byte]int{}
	}
	for range 2000 {
		mac, sealed := s.NewCode(ref)
		code, err := s.OpenCode(ref, sealed)
		if err != nil || !six.MatchString(code) || !ring.Matches(mac, codePurpose, ref, code) {
			t.Fatalf("code %q, %v", code, err)
		}
		for place := range drawn {
			drawn[place][code[place]]++
		}
	}
	// 20 bits: each digit is drawn in each place. 200 of each are expected; 100 is seven deviations away.
	for place, digits := range drawn {
		for digit := byte('0'); digit <= '9'; digit++ {
			if digits[digit] < 100 {
				t.Errorf("%d of 2000 codes have %c in place %d", digits[digit], digit, place+1)
			}
		}
	}
}
