package recovery

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
		{"abcde-02345-6789z\n", true},
		{"10. abcde-02345-6789z", true},
		{"abcde\u201302345\u00a06789z", true},
		{"abcde-02345-6789\x00", false},
		{"", false},
		{strings.Repeat("-", 65), false},
	} {
		got, ok := clean(test.typed)
		if ok != test.ok || ok && got != code {
			t.Errorf("%q: %q, %v", test.typed, got, ok)
		}
	}
}

func TestNewCodesHaveTheirForm(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5}$`)
	drawn := map[rune]int{}
	for range 2000 {
		if c := NewCode(); !form.MatchString(c) {
			t.Fatalf("recovery code %q", c)
		} else if _, ok := clean(c); !ok {
			t.Fatalf("recovery code %q is not read", c)
		} else {
			for _, letter := range c {
				drawn[letter]++
			}
		}
	}
	// 75 bits: each of 32 letters is drawn. 937 of each are expected; 700 is seven deviations away.
	for _, letter := range alphabet {
		if drawn[letter] < 700 {
			t.Errorf("%c was drawn %d times in 2000 codes", letter, drawn[letter])
		}
	}
	if len(alphabet) != 32 {
		t.Errorf("there are %d letters", len(alphabet))
	}
}
