package users

import (
	"slices"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/locale"
)

// A heading that is two columns, one in each of two languages, would be read as the wrong one.
func TestNoWordOfAFileMeansTwoThings(t *testing.T) {
	t.Parallel()
	headings := slices.Concat(imported[:], taken[:], ignored[:])
	for _, family := range [][]string{headings, {"user", "accountant", "superuser"}} {
		means := map[string]string{}
		for _, word := range family {
			for text := range vocabulary([]string{word}, heading) {
				if other, ok := means[text]; ok || text == "" {
					t.Errorf("%q is %s and %s", text, other, word)
				}
				means[text] = word
			}
		}
		for _, language := range locale.Languages() {
			for _, word := range family {
				if own := written(language, word); own == "" || strings.ContainsAny(own, "|,;\"") {
					t.Errorf("%s is written as %q in %s", word, own, language)
				}
			}
		}
	}
}
