// Package templates turns plain structs into HTML: one .html and one .go of view structs a screen.
//
// A page and its fragments share a file, the fragments as named blocks inside the page, so that what a
// page shows is what a fragment swaps. Page and Fragment tie a block to its struct when the program is
// compiled; a missing block stops it at start, and a test type-checks all that the registry holds.
package templates

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/static"
)

//go:embed *.html
var files embed.FS

// registry lists every page and fragment, so that the type check cannot forget one. It is the package's
// only state: newPage and newFragment append to it while package variables are initialized, before main,
// and nothing changes it afterwards.
var registry []registered

// registered is a page or fragment as the registry knows it.
type registered struct {
	files []string // the files that are its own: the page's, and for a page its layout
	block string   // the block that is executed
	view  any      // a zero value of what the block is executed with
	sets  map[string]*template.Template
}

// shared are the files that every page and fragment is parsed with.
var shared = [...]string{"layout.html", "number_field.html", "message_line.html", "sentence.html", "question.html"}

// content is what a page's template is executed with.
type content[T any] struct {
	Layout Layout
	View   T
}

// Page is a whole page whose content shows a T.
type Page[T any] struct{ sets map[string]*template.Template }

// newPage reads a page's file into its layout, once for each language.
func newPage[T any](layout, file string) Page[T] {
	sets := parse(layout, file, "page")
	registry = append(registry, registered{[]string{layout, file}, "page", content[T]{}, sets})
	return Page[T]{sets}
}

// Render writes the page.
func (p Page[T]) Render(w io.Writer, l Layout, view T) error {
	if err := p.sets[l.Lang].ExecuteTemplate(w, "page", content[T]{l, view}); err != nil {
		return fmt.Errorf("render %T: %w", view, err)
	}
	return nil
}

// Fragment is a block of a page that is also served alone and shows a T.
type Fragment[T any] struct {
	sets  map[string]*template.Template
	block string
}

func newFragment[T any](file, block string) Fragment[T] {
	var view T
	sets := parse("card.html", file, block)
	registry = append(registry, registered{[]string{file}, block, view, sets})
	return Fragment[T]{sets, block}
}

// Render writes the fragment.
func (f Fragment[T]) Render(w io.Writer, lang string, view T) error {
	if err := f.sets[lang].ExecuteTemplate(w, f.block, view); err != nil {
		return fmt.Errorf("render %s: %w", f.block, err)
	}
	return nil
}

// parse reads the shared files, the layout and the page's own file for every language. It panics on a
// mistake or a missing block: package variables are made before main, so the program does not start.
func parse(layout, file, block string) map[string]*template.Template {
	names := append([]string{layout, file}, shared[:]...)
	sets := map[string]*template.Template{}
	for _, lang := range locale.Languages() {
		set := template.Must(template.New(file).Option("missingkey=error").Funcs(funcs(lang)).
			ParseFS(files, names...))
		if set.Lookup(block) == nil {
			panic(fmt.Sprintf("templates: %s has no block %q", file, block))
		}
		sets[lang] = set
	}
	return sets
}

// funcs are the functions of all templates, bound to one language.
func funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t":    func(id string, args ...any) string { return locale.T(lang, id, args...) },
		"n":    func(id string, n int, args ...any) string { return locale.N(lang, id, n, args...) },
		"lang": func() string { return lang },
		// All languages, and what each calls itself.
		"languages":    locale.Languages,
		"languageName": func(of string) string { return locale.T(of, "language.name") },
		"path":         paths.Named,
		"static":       static.URL,
		"flag":         static.Flag,
		"lower":        strings.ToLower,
		"iso":          func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"clock":        func(at time.Time) string { return at.UTC().Format("15:04:05") },
		"minute":       func(at time.Time) string { return at.UTC().Format("15:04") + " UTC" },
		"day":          func(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") + " UTC" },
	}
}
