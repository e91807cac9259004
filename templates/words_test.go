package templates_test

import (
	"regexp"
	"testing"

	"github.com/nightlatch/nightlatch/internal/locale/localetest"
)

// A word in a template's own text is shown in every language, whichever branch of the page has it.
func TestNoTemplateHasWordsOfItsOwn(t *testing.T) {
	action := regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	sources := onDisk(t)
	if len(sources) < 30 {
		t.Fatalf("%d templates", len(sources))
	}
	for name, source := range sources {
		texts, err := localetest.Visible(action.ReplaceAllString(source, ""), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if words := localetest.English(text, "Nightlatch"); len(words) > 0 {
				t.Errorf("%s says %q", name, words)
			}
		}
	}
}
