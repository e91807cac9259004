// Package locale is the message catalogue: every text a user can see, in English and Dutch, and the names
// of countries (CLDR 48).
//
// A text is named where it is shown ("login.title") and stands in en.json and nl.json under that name;
// a test holds the two together with each other and with the templates. Start at T.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Languages are the languages of the catalogue; the first is spoken when a browser asks for none of them.
var Languages = [...]string{"en", "nl"}

//go:embed en.json nl.json countries_en.json countries_nl.json
var files embed.FS

type catalogue struct {
	localizers map[string]*i18n.Localizer
	countries  map[string]map[string]string
	matcher    language.Matcher
}

// load is called once; the files are part of the program, so that a mistake in them is a panic in the first test.
var load = sync.OnceValue(func() catalogue {
	bundle := i18n.NewBundle(language.English)
	c := catalogue{map[string]*i18n.Localizer{}, map[string]map[string]string{}, nil}
	tags := make([]language.Tag, len(Languages))
	for i, lang := range Languages {
		tags[i] = language.MustParse(lang)
		bundle.MustParseMessageFileBytes(read(lang+".json"), lang+".json")
		names := map[string]string{}
		if err := json.Unmarshal(read("countries_"+lang+".json"), &names); err != nil {
			panic(err)
		}
		c.countries[lang] = names
	}
	for _, lang := range Languages {
		c.localizers[lang] = i18n.NewLocalizer(bundle, lang)
	}
	c.matcher = language.NewMatcher(tags)
	return c
})

func read(name string) []byte {
	text, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return text
}

// Known reports whether the catalogue speaks lang.
func Known(lang string) bool { return slices.Contains(Languages[:], lang) }

// Negotiate picks the language: what the user chose, else what this browser chose before, else the first
// language of the Accept-Language header that the catalogue speaks.
func Negotiate(user, browser, acceptLanguage string) string {
	for _, chosen := range []string{user, browser} {
		if Known(chosen) {
			return chosen
		}
	}
	if len(acceptLanguage) > 500 {
		return Languages[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return Languages[0]
	}
	_, i, confidence := load().matcher.Match(wanted...)
	if confidence == language.No {
		return Languages[0]
	}
	return Languages[i]
}

// T is the text id in lang. args are pairs of a name and its value: T("en", "user.count", "Office", name).
// A text that does not exist is its id in brackets, which the tests look for.
func T(lang, id string, args ...any) string {
	return text(lang, &i18n.LocalizeConfig{MessageID: id, TemplateData: pairs(args)})
}

// N is T for a text that depends on a number, which the text shows as {{.N}}.
func N(lang, id string, n int, args ...any) string {
	data := pairs(args)
	data["N"] = n
	return text(lang, &i18n.LocalizeConfig{MessageID: id, TemplateData: data, PluralCount: n})
}

// Has reports whether the catalogue has the text id.
func Has(id string) bool {
	_, err := load().localizers[Languages[0]].Localize(&i18n.LocalizeConfig{MessageID: id})
	return err == nil || !strings.Contains(err.Error(), "not found")
}

func text(lang string, config *i18n.LocalizeConfig) string {
	localizer, ok := load().localizers[lang]
	if !ok {
		localizer = load().localizers[Languages[0]]
	}
	s, err := localizer.Localize(config)
	if err != nil {
		return "[" + config.MessageID + "]"
	}
	return s
}

func pairs(args []any) map[string]any {
	data := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	return data
}

// Country is the name of a country in lang, by ISO code; the code itself for one without a name.
func Country(lang, iso string) string {
	if name, ok := load().countries[lang][iso]; ok {
		return name
	}
	return iso
}

// SortCountries orders ISO codes by their names as lang's dictionaries do ("Åland" under a).
func SortCountries(lang string, isos []string) {
	collator := collate.New(language.Make(lang))
	slices.SortFunc(isos, func(a, b string) int { return collator.CompareString(Country(lang, a), Country(lang, b)) })
}
