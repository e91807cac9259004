package templates

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/nightlatch/nightlatch/internal/locale/localetest"
)

// A word in a template's own text is shown in every language, whichever branch of the page has it.
func TestNoTemplateHasWordsOfItsOwn(t *testing.T) {
	action := regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	names, err := fs.Glob(files, "*.html")
	if err != nil || len(names) < 30 {
		t.Fatalf("%d templates, %v", len(names), err)
	}
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := localetest.Visible(action.ReplaceAllString(string(source), ""), "")
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
