// Package spoken makes three words that one person reads out and another types: what they hear is what is compared.
//
// The rule it protects: the words say nothing by themselves, are easy to say over a phone, and no two of a list sound
// alike. english.txt is the list of BIP-39 (MIT, see english.LICENSE), whose words differ in their first four letters;
// dutch.txt is our own.
package spoken

import (
	"crypto/rand"
	_ "embed"
	"math/big"
	"slices"
	"strings"

	"github.com/nightlatch/nightlatch/internal/typed"
)

// Words is how many are read out, each of a list of Size: 33 bits.
const (
	Words = 3
	Size  = 2048
)

//go:embed english.txt
var english string

//go:embed dutch.txt
var dutch string

// list returns the words of a language, in the order of the alphabet: English for one that has none of its own.
func list(language string) []string {
	if language == "nl" {
		return strings.Fields(dutch)
	}
	return strings.Fields(english)
}

// New returns three random words of a language, with a space between them.
func New(language string) string {
	words, chosen := list(language), make([]string, Words)
	for i := range chosen {
		n, _ := rand.Int(rand.Reader, big.NewInt(Size)) // never fails: crypto/rand ends the program instead
		chosen[i] = words[n.Int64()]
	}
	return strings.Join(chosen, " ")
}

// Clean reads three words as typed, in any case and with any signs between them. It reports false for what is not
// three words of one list: a word that was misheard is told before anything is compared.
func Clean(text string) (string, bool) {
	words := strings.FieldsFunc(strings.ToLower(typed.Line(text)), func(r rune) bool { return r < 'a' || r > 'z' })
	if len(words) != Words {
		return "", false
	}
	for _, language := range []string{"en", "nl"} {
		all := list(language)
		known := func(word string) bool { _, ok := slices.BinarySearch(all, word); return ok }
		if !slices.ContainsFunc(words, func(word string) bool { return !known(word) }) {
			return strings.Join(words, " "), true
		}
	}
	return "", false
}
