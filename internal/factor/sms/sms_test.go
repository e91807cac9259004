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
	s, six, first := New(ring), regexp.MustCompile(`^[0-9]{6}$`), map[byte]int{}
	ref := strings.Repeat("a", 26)
	for range 2000 {
		mac, sealed := s.NewCode(ref)
		code, err := s.OpenCode(ref, sealed)
		if err != nil || !six.MatchString(code) || !ring.Matches(mac, codePurpose, ref, code) {
			t.Fatalf("code %q, %v", code, err)
		}
		first[code[0]]++
	}
	// 200 of each are expected; 100 is seven deviations away.
	for digit := byte('0'); digit <= '9'; digit++ {
		if first[digit] < 100 {
			t.Errorf("%d of 2000 codes begin with %c", first[digit], digit)
		}
	}
}
