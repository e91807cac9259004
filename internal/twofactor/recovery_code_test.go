package twofactor

import (
	"regexp"
	"strings"
	"testing"
)

func TestARecoveryCodeIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	const code = "abcde023456789z"
	for _, test := range []struct {
		typed string
		ok    bool
	}{
		{"abcde-02345-6789z", true},
		{"ABCDE-02345-6789Z", true},
		{" abcde 02345 6789z ", true},
		{"abcde-o2345-6789z", true},
		{"abcde-O2345-6789Z", true},
		{"abcde-02345-6789", false},
		{"abcde-02345-6789zz", false},
		{"abcde-02345-6789l", false},
		{"abcde-02345-6789z\n", false},
		{"abcde-02345-6789\x00", false},
		{"", false},
		{strings.Repeat("-", 65), false},
	} {
		got, ok := cleanRecoveryCode(test.typed)
		if ok != test.ok || ok && got != code {
			t.Errorf("%q: %q, %v", test.typed, got, ok)
		}
	}
}

func TestNewCodesHaveTheirForm(t *testing.T) {
	t.Parallel()
	six, recovery, ref := regexp.MustCompile(`^[0-9]{6}$`), regexp.MustCompile(`^[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5}$`), regexp.MustCompile(`^[a-z2-7]{26}$`)
	first := map[byte]int{}
	for range 2000 {
		code := newCode()
		first[code[0]]++
		if !six.MatchString(code) {
			t.Fatalf("code %q", code)
		}
		if c := newRecoveryCode(); !recovery.MatchString(c) {
			t.Fatalf("recovery code %q", c)
		} else if _, ok := cleanRecoveryCode(c); !ok {
			t.Fatalf("recovery code %q is not read", c)
		}
		if r := newRef(); !ref.MatchString(r) {
			t.Fatalf("ref %q", r)
		}
	}
	// 200 of each are expected; 100 is seven deviations away.
	for digit := byte('0'); digit <= '9'; digit++ {
		if first[digit] < 100 {
			t.Errorf("%d of 2000 codes begin with %c", first[digit], digit)
		}
	}
}
