// Package localetest makes up a language, longer than English and full of accents, so that a test sees which words
// of a page, a message or a file do not come from the catalogue.
//
// A program that is built with -tags madeup speaks it beside the others. Start at English, which finds what is left.
package localetest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing/fstest"
	"unicode/utf8"
)

// Language is the tag of the made-up language: Esperanto's, for the plurals of a made-up tag are not known.
const Language = "eo"

// format is how the language writes what is no text: as no other language does, so that a test can tell.
var format = map[string]any{
	"files.separator":    ",",
	"language.direction": "ltr", "format.locale": "eo",
	"number.decimal": "·", "number.group": "'", "number.percent": "%{{.N}}",
	"number.thousands": "{{.N}}ķ", "number.millions": "{{.N}}ḿ",
	"date.moment": "2006/01/02 15h04", "date.minute": "15h04", "date.second": "15h04m05", "date.hour_minute": "15h04",
	"date.day": "2006/01/02", "date.day_month": "01/02",
	"call.voice": "eo", "call.style": "7", "call.pause": "; ",
}

// Add returns the files of a catalogue with the made-up language among them, which is made of English.
func Add(files fs.FS) (fs.FS, error) {
	all := fstest.MapFS{}
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		all[name] = &fstest.MapFile{Data: raw}
	}
	for _, part := range []string{"", "countries_"} {
		var texts map[string]any
		if err := json.Unmarshal(all[part+"en.json"].Data, &texts); err != nil {
			return nil, fmt.Errorf("read English: %w", err)
		}
		for id, text := range texts {
			texts[id] = translate(id, text)
		}
		raw, err := json.Marshal(texts)
		if err != nil {
			return nil, err
		}
		all[part+Language+".json"] = &fstest.MapFile{Data: raw}
	}
	return all, nil
}

// translate makes up one entry of a catalogue: a text, or the forms of a plural.
func translate(id string, text any) any {
	if own, ok := format[id]; ok {
		return own
	}
	switch text := text.(type) {
	case map[string]any:
		forms := map[string]any{}
		for form, words := range text {
			forms[form] = translate(id, words)
		}
		return forms
	case string:
		if strings.HasPrefix(id, "sms.") { // one segment of GSM-7, which has few accents
			return "¡" + accented(text, gsmAccents)
		}
		words := strings.Split(text, "|") // a users_file's entry has several
		for i, word := range words {
			words[i] = "⟦" + accented(word, accents) + strings.Repeat("~", 1+utf8.RuneCountInString(word)/3) + "⟧"
		}
		return strings.Join(words, "|")
	}
	return text
}

var (
	accents = strings.NewReplacer(strings.Split("aàbḃcçdďeéfḟgğhĥiîjĵkķlļmḿnñoöpṗrřsštťuüvṽwŵxẍyýzž"+
		"AÅBḂCÇDĎEÉFḞGĞHĤIÎJĴKĶLĻMḾNÑOÖPṖRŘSŠTŤUÜVṼWŴXẌYÝZŽ", "")...)
	gsmAccents = strings.NewReplacer(strings.Split("aàeéiìoòuùnñAÅEÉIìOÖUÜNÑ", "")...)

	amount      = regexp.MustCompile(`(\d)[.,](\d)`)
	placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)
	word        = regexp.MustCompile(`\p{L}+`)
	ascii       = regexp.MustCompile(`^[A-Za-z]{2,}$`)
	// written are the marks and layouts of the other languages: 1.5, 1,5, 12:30 and 2026-11-27.
	written = regexp.MustCompile(`\d[.,]\d|\b\d\d:\d\d\b|\b\d{4}-\d\d-\d\d\b`)
	address = regexp.MustCompile(`https?://\S+|\S+@\S+|\b\d+\.\d+\.\d+\.\d+(/\d+)?\b`)
)

// accented gives letters their accents, but for those of placeholders, and amounts their mark.
func accented(text string, with *strings.Replacer) string {
	var b strings.Builder
	at := 0
	for _, span := range placeholder.FindAllStringIndex(text, -1) {
		b.WriteString(with.Replace(text[at:span[0]]))
		b.WriteString(text[span[0]:span[1]])
		at = span[1]
	}
	b.WriteString(with.Replace(text[at:]))
	return amount.ReplaceAllString(b.String(), "$1·$2")
}

// English returns the words of a text that are not of the made-up language, and its numbers, dates and times that
// are written as another language does. names are the words of users and products, which no catalogue has;
// addresses of the net are left out.
func English(text string, names ...string) []string {
	text = address.ReplaceAllString(text, "")
	names = slices.SortedFunc(slices.Values(names), func(a, b string) int { return len(b) - len(a) })
	for _, name := range names { // the longest first, for one may be a part of another
		text = regexp.MustCompile(`(?i)(^|\PL)`+regexp.QuoteMeta(name)+`($|\PL)`).ReplaceAllString(text, "$1 $2")
	}
	found := written.FindAllString(text, -1)
	for _, w := range word.FindAllString(text, -1) {
		if ascii.MatchString(w) {
			found = append(found, w)
		}
	}
	return found
}
