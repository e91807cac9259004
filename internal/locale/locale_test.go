package locale

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// entries are the texts of a language's file; a plural is a map of its forms.
func entries(t *testing.T, lang string) map[string]any {
	t.Helper()
	files, err := catalogueFiles()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := fs.ReadFile(files, lang+".json")
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// slots are the placeholders of a text, sorted, each once; of a plural those of all its forms.
func slots(text any) []string {
	var found []string
	raw, _ := json.Marshal(text)
	for _, m := range placeholder.FindAllStringSubmatch(string(raw), -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	source := entries(t, fallback)
	for _, lang := range Languages() {
		own := entries(t, lang)
		for id, text := range source {
			other, ok := own[id]
			if !ok {
				t.Errorf("%s is not in %s", id, lang)
				continue
			}
			if a, b := slots(text), slots(other); !slices.Equal(a, b) {
				t.Errorf("%s has the places %v in %s and %v in %s", id, a, fallback, b, lang)
			}
			if _, plural := text.(map[string]any); plural {
				if _, too := other.(map[string]any); !too {
					t.Errorf("%s has a plural in %s and none in %s", id, fallback, lang)
				}
			}
		}
		for id := range own {
			if _, ok := source[id]; !ok {
				t.Errorf("%s is in %s and not in %s", id, lang, fallback)
			}
		}
	}
}

func TestEveryTextThatIsShownExists(t *testing.T) {
	used := map[string]*regexp.Regexp{
		".html": regexp.MustCompile(`(?:\{\{|\(| )[tn] "([a-z_.0-9]+)"`),
		".go":   regexp.MustCompile(`\.[TtNn]\((?:c|lang|language|r\.Language), "([a-z_.0-9]+)"`),
	}
	count := 0
	roots := []string{"../../templates", "../../handlers", "../mail", "../message", "../users", "../operator"}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(file string, _ fs.DirEntry, err error) error {
			uses := used[filepath.Ext(file)]
			if err != nil || uses == nil || strings.HasSuffix(file, "_test.go") {
				return err
			}
			source, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, m := range uses.FindAllStringSubmatch(string(source), -1) {
				count++
				// An id that ends with a dot is the beginning of a family, below.
				if !strings.HasSuffix(m[1], ".") && !Has(m[1]) {
					t.Errorf("%s shows %q, which is not in the catalogue", file, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if count < 150 {
		t.Errorf("only %d uses were found", count)
	}
}

// Families are put together from a word of the program: every word has its text.
func TestEveryWordOfTheProgramHasItsText(t *testing.T) {
	constant := regexp.MustCompile(`(?m)^\t\w+ +(?:Action|Notice|Role|Problem|Kind|Refusal|Wrong) += "([a-z_]+)"`)
	for file, family := range map[string]string{
		"../audit/audit.go": "audit.", "../twofactor/notice.go": "notice.", "../account/role.go": "role.",
		"../users/users.go": "user_problem.", "../users/plan.go": "user_problem.",
		"../federation/trouble.go": "sso_trouble.", "../application/decide.go": "door_why.",
		"../application/check.go": "applications.", "../doorcheck/finding.go": "doorcheck.",
	} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		words := constant.FindAllStringSubmatch(string(source), -1)
		if len(words) < 3 {
			t.Fatalf("%s: only %d words were found", file, len(words))
		}
		for _, w := range words {
			if !Has(family + w[1]) {
				t.Errorf("%s: %s%s is not in the catalogue", file, family, w[1])
			}
		}
	}
}

func TestCountriesHaveNamesInEveryLanguage(t *testing.T) {
	for _, lang := range Languages() {
		for iso := range texts().speakers[fallback].countries {
			if Country(lang, iso) == iso {
				t.Errorf("%s has no name in %s", iso, lang)
			}
		}
	}
	isos := []string{"ZW", "AX", "AF", "BE"}
	SortCountries("en", isos)
	if want := []string{"AF", "AX", "BE", "ZW"}; !slices.Equal(isos, want) {
		t.Errorf("sorted %v, want %v: Åland stands under A", isos, want)
	}
}

func TestTheLanguageIsTheUsersThenTheBrowsersThenTheHeaders(t *testing.T) {
	for _, c := range []struct{ user, browser, header, want string }{
		{"", "", "", "en"},
		{"", "", "nl-BE,fr;q=0.8", "nl"},
		{"", "", "fr,nl;q=0.5", "nl"},
		{"", "", "fr", "en"},
		{"", "nl", "en", "nl"},
		{"en", "nl", "nl", "en"},
		{"xx", "yy", "nl", "nl"},
		{"", "", strings.Repeat("nl,", 1000), "en"},
		{"", "", "\x00;;q=", "en"},
	} {
		if got := Negotiate(c.user, c.browser, c.header); got != c.want {
			t.Errorf("Negotiate(%q, %q, %.20q) = %s, want %s", c.user, c.browser, c.header, got, c.want)
		}
	}
}

func TestATextOfARegionIsItsLanguages(t *testing.T) {
	for lang, want := range map[string]string{
		"nl": "Ja", "nl-BE": "Ja", "nl_NL": "Ja", "en-GB": "Yes", "fr": "Yes", "": "Yes", "<script>": "Yes",
	} {
		if got := T(lang, "yes"); got != want {
			t.Errorf("yes in %q is %q, want %q", lang, got, want)
		}
	}
}

func TestALanguageIsItsTwoFiles(t *testing.T) {
	files := fstest.MapFS{
		"nl.json":           {Data: []byte(`{"yes": "Ja"}`)},
		"en.json":           {Data: []byte(`{"yes": "Yes", "no": "No"}`)},
		"de.json":           {Data: []byte(`{"yes": "Ja"}`)},
		"countries_nl.json": {Data: []byte(`{"BE": "België"}`)},
		"countries_en.json": {Data: []byte(`{"BE": "Belgium"}`)},
		"countries_de.json": {Data: []byte(`{"BE": "Belgien"}`)},
	}
	c, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"en", "de", "nl"}; !slices.Equal(c.languages, want) {
		t.Errorf("the languages are %v, want %v", c.languages, want)
	}
	if name := c.in("de-AT").countries["BE"]; name != "Belgien" {
		t.Errorf("Belgium is %q in Austrian German", name)
	}
	for file, broken := range map[string]string{
		"de.json": "{", "countries_de.json": "[]", "DE.json": "{}", "no language.json": "{}", "fr.json": "{}",
	} {
		was, existed := files[file]
		files[file] = &fstest.MapFile{Data: []byte(broken)}
		if _, err := load(files); err == nil {
			t.Errorf("%s with %s was taken", file, broken)
		}
		if delete(files, file); existed {
			files[file] = was
		}
	}
	delete(files, "en.json")
	if _, err := load(files); err == nil {
		t.Error("a catalogue without its fallback was taken")
	}
}
