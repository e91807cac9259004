// Package locale is the message catalogue: every text that a user can see or hear, how each language writes
// numbers and dates, and the names of countries (CLDR 48).
//
// A language is its two files, <tag>.json and countries_<tag>.json; nothing else lists languages. A text is named
// where it is shown ("login.title") and stands in every language's file under that name; tests hold the files
// together with each other and with the templates. Start at T.
package locale

import (
	"fmt"
	"slices"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// longestHeader is how much of an Accept-Language header is read, in bytes; browsers send under 100.
const longestHeader = 500

// Languages returns the tags of the catalogue's languages. The first is used when a browser asks for none of them.
func Languages() []string { return slices.Clone(texts().languages) }

// Known reports whether the catalogue has the language.
func Known(lang string) bool { return slices.Contains(texts().languages, lang) }

// Negotiate returns the language of a page: what the user chose, else what this browser chose before, else the
// best match for the Accept-Language header.
func Negotiate(user, browser, acceptLanguage string) string {
	for _, chosen := range []string{user, browser} {
		if Known(chosen) {
			return chosen
		}
	}
	if len(acceptLanguage) > longestHeader {
		return fallback
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return fallback
	}
	return texts().match(wanted...)
}

// T returns the text id in lang. args are pairs of a name and its value: T("en", "user.count", "Office", name).
// A text that does not exist is its id in brackets, which the tests look for.
func T(lang, id string, args ...any) string {
	return localize(lang, &i18n.LocalizeConfig{MessageID: id, TemplateData: pairs(args)})
}

// N is T for a text that depends on a number, which the text shows as {{.N}}.
func N(lang, id string, n int, args ...any) string {
	data := pairs(args)
	data["N"] = n
	return localize(lang, &i18n.LocalizeConfig{MessageID: id, TemplateData: data, PluralCount: n})
}

// Has reports whether the catalogue has the text id.
func Has(id string) bool { return texts().ids[id] }

func localize(lang string, config *i18n.LocalizeConfig) string {
	s, err := texts().in(lang).localizer.Localize(config)
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

// Country returns the name of a country in lang, by ISO code; the code itself for one without a name.
func Country(lang, iso string) string {
	if name, ok := texts().in(lang).countries[iso]; ok {
		return name
	}
	return iso
}

// SortCountries orders ISO codes by their names as lang's dictionaries do ("Åland" under a).
func SortCountries(lang string, isos []string) {
	collator := collate.New(language.Make(lang))
	slices.SortFunc(isos, func(a, b string) int { return collator.CompareString(Country(lang, a), Country(lang, b)) })
}
