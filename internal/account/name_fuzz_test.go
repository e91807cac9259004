package account

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Whoever spells one name in many ways has one counter, and nobody reaches another's counter by a strange spelling
// (CVE-2025-6004, CVE-2025-24806).
func FuzzOneNameHasOneCounter(f *testing.F) {
	for _, seed := range [][2]string{
		{"ACME", "jdoe"}, {" acme\t", "JDOE "}, {"ＡＣＭＥ", "ｊｄｏｅ"}, {"ACME", "jos\u00e9"}, {"acme", "JOSE\u0301"},
		{"ACME/x", "y"}, {"ACME", "x/y"}, {"operator", "ops"},
		{"ﬀ", "ﬁ"}, {"ß", "ẞ"}, {"ı", "İ"}, {"A\x00", "\xff"}, {"", ""}, {"Å", "\u212b"}, {"K", "\u212a"},
		{"ACME", strings.Repeat("x", 70)},
	} {
		f.Add(seed[0], seed[1])
	}
	key := func(office, username string) string {
		return counted(CanonicalOfficeCode(office), CanonicalUsername(username))
	}
	f.Fuzz(func(t *testing.T, office, username string) {
		if len(office)+len(username) > 300 {
			return // what is longer is cut: see clean
		}
		want := key(office, username)
		if again := key(CanonicalOfficeCode(office), CanonicalUsername(username)); again != want {
			t.Errorf("%q and %q are %q, and of that %q", office, username, want, again)
		}
		for _, twin := range [][2]string{{" " + office, username + "\t"}, {office + "\n", "\u3000" + username},
			{"\x00" + office, username + "\x07"}} {
			if got := key(twin[0], twin[1]); got != want {
				t.Errorf("%q is %q, and %q is %q", []string{office, username}, want, twin, got)
			}
		}
		if utf8.ValidString(username) && utf8.ValidString(office) {
			for _, form := range []norm.Form{norm.NFC, norm.NFD, norm.NFKC, norm.NFKD} {
				if got := key(form.String(office), form.String(username)); got != want {
					t.Errorf("in another form of Unicode %q is %q, not %q", []string{office, username}, got, want)
				}
			}
		}
		if ascii(office) && ascii(username) {
			if got := key(strings.ToLower(office), strings.ToUpper(username)); got != want {
				t.Errorf("in other cases %q is %q, not %q", []string{office, username}, got, want)
			}
		}
		// A user who can exist: the counter is theirs alone.
		if want == "ACME/jdoe" && (CanonicalOfficeCode(office) != "ACME" || CanonicalUsername(username) != "jdoe") {
			t.Errorf("%q and %q reach the counter of jdoe", office, username)
		}
	})
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
