package locale

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func texts(t *testing.T, lang string) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal(read(lang+".json"), &m); err != nil {
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

func TestBothLanguagesSayTheSame(t *testing.T) {
	en, nl := texts(t, "en"), texts(t, "nl")
	for id, text := range en {
		other, ok := nl[id]
		if !ok {
			t.Errorf("%s is not in Dutch", id)
			continue
		}
		if a, b := slots(text), slots(other); !slices.Equal(a, b) {
			t.Errorf("%s has the places %v in English and %v in Dutch", id, a, b)
		}
		if _, plural := text.(map[string]any); plural {
			if _, too := other.(map[string]any); !too {
				t.Errorf("%s has a plural in English alone", id)
			}
		}
	}
	for id := range nl {
		if _, ok := en[id]; !ok {
			t.Errorf("%s is not in English", id)
		}
	}
}

func TestEveryTextThatIsShownExists(t *testing.T) {
	used := map[string]*regexp.Regexp{
		"../../templates/*.html": regexp.MustCompile(`(?:\{\{|\(| )[tn] "([a-z_.0-9]+)"`),
		"../../handlers/*.go":    regexp.MustCompile(`\bs\.[tn]\(c, "([a-z_.0-9]+)"`),
	}
	count := 0
	for glob, uses := range used {
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", glob, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range uses.FindAllStringSubmatch(string(source), -1) {
				count++
				// An id that ends with a dot is the beginning of a family, below.
				if !strings.HasSuffix(m[1], ".") && !Has(m[1]) {
					t.Errorf("%s shows %q, which is not in the catalogue", file, m[1])
				}
			}
		}
	}
	if count < 150 {
		t.Errorf("only %d uses were found", count)
	}
}

// Families are put together from a word of the program: every word has its text.
func TestEveryWordOfTheProgramHasItsText(t *testing.T) {
	constant := regexp.MustCompile(`(?m)^\t\w+ +(?:Action|Notice|Role|Problem|Kind) += "([a-z_]+)"`)
	for file, family := range map[string]string{
		"../audit/audit.go": "audit.", "../twofactor/notice.go": "notice.", "../account/role.go": "role.",
		"../users/users.go": "roster.", "../users/plan.go": "roster.",
		"../federation/trouble.go": "sso_trouble.",
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

func TestCountriesHaveNamesInBothLanguages(t *testing.T) {
	for iso := range load().countries["en"] {
		if Country("nl", iso) == iso {
			t.Errorf("%s has no Dutch name", iso)
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
		{"", "", "", "en"}, {"", "", "nl-BE,fr;q=0.8", "nl"}, {"", "", "fr,nl;q=0.5", "nl"}, {"", "", "fr", "en"}, {"", "nl", "en", "nl"},
		{"en", "nl", "nl", "en"}, {"xx", "yy", "nl", "nl"}, {"", "", strings.Repeat("nl,", 1000), "en"}, {"", "", "\x00;;q=", "en"},
	} {
		if got := Negotiate(c.user, c.browser, c.header); got != c.want {
			t.Errorf("Negotiate(%q, %q, %.20q) = %s, want %s", c.user, c.browser, c.header, got, c.want)
		}
	}
}
