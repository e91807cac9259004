package spoken

import (
	"slices"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/locale"
)

func TestEachListHasItsWordsInOrderAndNoneTwice(t *testing.T) {
	t.Parallel()
	for _, language := range locale.Languages() {
		words := list(language)
		if len(words) != Size || !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != Size {
			t.Errorf("%s: %d words, sorted %v", language, len(words), slices.IsSorted(words))
		}
		for _, w := range words {
			if len(w) < 3 || len(w) > 11 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("%s: %q is no plain word", language, w)
			}
		}
	}
	if slices.Equal(list("en"), list("nl")) {
		t.Error("Dutch has no list of its own")
	}
}

// What is written otherwise is often said alike.
func TestNoTwoDutchWordsSoundAlike(t *testing.T) {
	t.Parallel()
	sound := strings.NewReplacer("ij", "ei", "au", "ou", "c", "k", "ph", "f", "dt", "t")
	heard := map[string]string{}
	for _, w := range list("nl") {
		s := sound.Replace(w)
		if last, ok := strings.CutSuffix(s, "d"); ok {
			s = last + "t"
		}
		if other, ok := heard[s]; ok {
			t.Errorf("%q sounds like %q", w, other)
		}
		heard[s] = w
	}
}

func TestWordsAreReadAsTheyAreHeard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"zoo abandon able":        "zoo abandon able",
		" Zoo,  ABANDON - able. ": "zoo abandon able",
		"molen\u00a0fiets kaas":   "molen fiets kaas",
		"zoo abandon":             "",
		"zoo abandon able able":   "",
		"zoo abandon fiets":       "", // of two lists
		"zoo abandon abandonn":    "",
		"":                        "",
	} {
		if got, ok := Clean(text); got != want || ok != (want != "") {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	for _, language := range locale.Languages() {
		if words := New(language); words == New(language) {
			t.Errorf("%q came twice", words)
		} else if got, ok := Clean(words); !ok || got != words {
			t.Errorf("%q is not read", words)
		}
	}
}
