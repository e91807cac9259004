package locale

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"github.com/nightlatch/nightlatch/internal/locale/localetest"
)

// The made-up language is a language like any other, by its two files alone.
func TestAThirdLanguageIsItsFilesAlone(t *testing.T) {
	files, err := localetest.Add(embedded)
	if err != nil {
		t.Fatal(err)
	}
	c, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(c.languages, localetest.Language) || len(c.languages) < 3 {
		t.Fatalf("the languages are %v", c.languages)
	}
	english, err := fs.ReadFile(files, "en.json")
	if err != nil {
		t.Fatal(err)
	}
	madeUp, err := fs.ReadFile(files, localetest.Language+".json")
	if err != nil {
		t.Fatal(err)
	}
	if len(madeUp) < len(english)*5/4 {
		t.Errorf("the made-up language is %d long, and English %d", len(madeUp), len(english))
	}
	for id := range c.ids {
		localizer := c.speakers[localetest.Language].localizer
		text, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: id, PluralCount: 3, TemplateData: map[string]any{}})
		words := localetest.English(strings.ReplaceAll(text, "<no value>", ""))
		if technical := strings.HasPrefix(id, "format.") || strings.HasPrefix(id, "call.voice") ||
			id == "language.direction"; err != nil || len(words) > 0 && !technical {
			t.Errorf("%s is %q: %q, %v", id, text, words, err)
		}
	}
}

func TestEnglishIsFoundInWhatIsMadeUp(t *testing.T) {
	for text, want := range map[string][]string{
		"⟦Šîğñ îñ~~⟧ 3 Log":       {"Log"},
		"012345 is yòùr":          {"is"},
		"⟦Ďüé~⟧ 1.5 %":            {"1.5"},
		"⟦Ďüé~⟧ 1,5":              {"1,5"},
		"⟦Ďüé~⟧ 12:30":            {"12:30"},
		"⟦Ďüé~⟧ 2026-11-27":       {"2026-11-27"},
		"⟦Ďüé~⟧ 2026/11/27 12h30": nil,
		"⟦Ṽîä~⟧ Nightlatch, 192.0.2.1, https://a.example/b c@d.example": nil,
	} {
		if got := localetest.English(text, "Nightlatch"); !slices.Equal(got, want) {
			t.Errorf("English in %q is %q, want %q", text, got, want)
		}
	}
}
