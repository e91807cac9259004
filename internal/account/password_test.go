package account

import (
	"bufio"
	"slices"
	"strings"
	"testing"
)

func TestAPasswordIsRefusedForWhatEverybodyWouldGuess(t *testing.T) {
	t.Parallel()
	who := PasswordFor{
		Username: "jdoe77", Name: "Jóhn van der Straaten", Email: "jd@acme-tax.example", OfficeCode: "ZUID-1",
		OfficeName: "Kantoor Zuidpoort", Product: "Nightlatch", TwoFactorRequired: true,
	}
	for password, key := range map[string]string{
		"seven77": "too_short", "": "too_short", strings.Repeat("long words ", 12): "too_long",
		"bad\xffutf8 text": "not_text", "with\x00nothing": "not_text",
		"password": "common", "Welcome2024!": "common", "!!baseball!!": "common", "PASSWORD123": "common",
		"1qaz2wsx": "common", "ｐａｓｓｗｏｒｄ": "common",
		"aaaaaaaaaa": "pattern", "xyz!xyz!xyz!": "pattern", "87654321x": "pattern", "abcdefghijk": "pattern",
		"my-JDOE77-pass": "own_word", "straaten the best": "own_word", "JÓHN is in here": "own_word",
		"acme is our name": "own_word", "zuid is where we are": "own_word",
		"Zuidpoort rules": "own_word", "nightlatch forever": "own_word",
		"kettle umbrella": "", "van der kettle": "", "correct horse battery staple": "", "tr0ub4dor&3x": "",
		"Größe über alles": "", "        y": "pattern",
	} {
		got := ""
		refusal := PasswordProblem(password, who)
		if refusal != nil {
			got = strings.TrimPrefix(refusal.Key, "password.")
			if refusal.Error() == "" || len(password) > 7 && key != "own_word" && password != "password" &&
				strings.Contains(refusal.Error(), password) {
				t.Errorf("%q is refused with %q", password, refusal)
			}
		}
		if got != key {
			t.Errorf("%q: %q, want %q", password, got, key)
		}
	}
	who.TwoFactorRequired = false
	if refusal := PasswordProblem("kettle rain", who); refusal == nil || refusal.Args[1] != 12 {
		t.Errorf("eleven characters alone: %v", refusal)
	}
	if refusal := PasswordProblem(strings.Repeat("kettle·", 18)+"ab", who); refusal != nil {
		t.Errorf("128 characters: %v", refusal)
	}
}

func TestStrengthIsAWord(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"short": "refused", "password": "refused", "k8tt!umb": "fair", "kettle rain coat": "good",
		"kettle umbrella seventeen": "strong",
	} {
		if got := Strength(password, PasswordFor{TwoFactorRequired: true}); got != want {
			t.Errorf("%q is %s, want %s", password, got, want)
		}
	}
}

// The look-up searches the text itself: every line has to be found, and nothing between the lines.
func TestEveryCommonPasswordIsFound(t *testing.T) {
	t.Parallel()
	var all []string
	for lines := bufio.NewScanner(strings.NewReader(commonPasswords)); lines.Scan(); {
		all = append(all, lines.Text())
	}
	if len(all) < 30_000 || !slices.IsSorted(all) {
		t.Fatalf("%d passwords, sorted %v", len(all), slices.IsSorted(all))
	}
	for _, password := range all {
		if !isCommon(password) {
			t.Errorf("%q is not found", password)
		}
	}
	for _, other := range []string{"", "\n", "a\nb", "123456\n", all[0] + " ", all[len(all)-1] + "z", "!", "~~~~~~~~~",
		"correct horse battery staple"} {
		if isCommon(other) {
			t.Errorf("%q is found", other)
		}
	}
}
