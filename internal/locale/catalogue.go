package locale

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// fallback is the language in which texts are written first. It is shown when a browser asks for no language of
// the catalogue, and where another language lacks a text.
const fallback = "en"

//go:embed *.json
var embedded embed.FS

// texts is the catalogue of the program, read once. A mistake in its files panics in the first test.
var texts = sync.OnceValue(func() *catalogue {
	files, err := catalogueFiles()
	if err != nil {
		panic(err)
	}
	c, err := load(files)
	if err != nil {
		panic(err)
	}
	return c
})

// catalogue is every text and country name, by language.
type catalogue struct {
	languages []string // BCP 47 tags: fallback, then the others in the order of their tags
	speakers  map[string]*speaker
	matcher   language.Matcher // over languages, in that order
	ids       map[string]bool  // of the texts that exist in fallback
}

// speaker is one language of a catalogue.
type speaker struct {
	localizer *i18n.Localizer
	countries map[string]string // by ISO code
}

// load reads a language for each file <tag>.json, whose country names are in countries_<tag>.json.
func load(files fs.FS) (*catalogue, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list the languages: %w", err)
	}
	c := &catalogue{speakers: map[string]*speaker{}, ids: map[string]bool{}}
	bundle := i18n.NewBundle(language.Make(fallback))
	for _, name := range names {
		if strings.HasPrefix(name, "countries_") {
			continue
		}
		lang := strings.TrimSuffix(path.Base(name), ".json")
		if err := c.read(files, bundle, lang); err != nil {
			return nil, fmt.Errorf("read the language %s: %w", lang, err)
		}
	}
	first := slices.Index(c.languages, fallback)
	if first < 0 {
		return nil, fmt.Errorf("the catalogue has no %s.json", fallback)
	}
	c.languages = slices.Insert(slices.Delete(c.languages, first, first+1), 0, fallback)
	tags := make([]language.Tag, len(c.languages))
	for i, lang := range c.languages {
		tags[i] = language.MustParse(lang)
		c.speakers[lang].localizer = i18n.NewLocalizer(bundle, lang)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

// read adds one language, whose localizer is made when the bundle is complete.
func (c *catalogue) read(files fs.FS, bundle *i18n.Bundle, lang string) error {
	if tag, err := language.Parse(lang); err != nil || tag.String() != lang {
		return errors.New("the file's name is not a language tag in its usual form")
	}
	raw, err := fs.ReadFile(files, lang+".json")
	if err != nil {
		return err
	}
	parsed, err := bundle.ParseMessageFileBytes(raw, lang+".json")
	if err != nil {
		return err
	}
	if lang == fallback {
		for _, message := range parsed.Messages {
			c.ids[message.ID] = true
		}
	}
	s := &speaker{countries: map[string]string{}}
	if raw, err = fs.ReadFile(files, "countries_"+lang+".json"); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &s.countries); err != nil {
		return fmt.Errorf("countries: %w", err)
	}
	c.languages, c.speakers[lang] = append(c.languages, lang), s
	return nil
}

// match returns the language of the catalogue that fits the wanted ones best, and fallback when none does.
func (c *catalogue) match(wanted ...language.Tag) string {
	_, i, confidence := c.matcher.Match(wanted...)
	if confidence == language.No {
		return fallback
	}
	return c.languages[i]
}

// in returns the speaker of lang: "nl-BE" is spoken as "nl", and what nobody speaks as fallback.
func (c *catalogue) in(lang string) *speaker {
	if s, ok := c.speakers[lang]; ok {
		return s
	}
	tag, err := language.Parse(lang)
	if err != nil {
		return c.speakers[fallback]
	}
	return c.speakers[c.match(tag)]
}
