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
	"io/fs"
	"slices"
	"strings"
	"sync"
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
	sets  byLanguage
}

// shared are the files that every page and fragment is parsed with.
var shared = [...]string{"layout.html", "number_field.html", "message_line.html", "sentence.html", "question.html"}

// content is what a page's template is executed with.
type content[T any] struct {
	Layout Layout
	View   T
}

// Page is a whole page whose content shows a T.
type Page[T any] struct{ sets byLanguage }

// newPage reads a page's file into its layout, once for each language.
func newPage[T any](layout, file string) Page[T] {
	sets := newSets(layout, file, "page")
	registry = append(registry, registered{[]string{layout, file}, "page", content[T]{}, sets})
	return Page[T]{sets}
}

// Render writes the page.
func (p Page[T]) Render(w io.Writer, l Layout, view T) error {
	if err := p.sets[l.Lang]().ExecuteTemplate(w, "page", content[T]{l, view}); err != nil {
		return fmt.Errorf("render %T: %w", view, err)
	}
	return nil
}

// Fragment is a block of a page that is also served alone and shows a T.
type Fragment[T any] struct {
	sets  byLanguage
	block string
}

func newFragment[T any](file, block string) Fragment[T] {
	var view T
	sets := newSets("card.html", file, block)
	registry = append(registry, registered{[]string{file}, block, view, sets})
	return Fragment[T]{sets, block}
}

// Render writes the fragment.
func (f Fragment[T]) Render(w io.Writer, lang string, view T) error {
	if err := f.sets[lang]().ExecuteTemplate(w, f.block, view); err != nil {
		return fmt.Errorf("render %s: %w", f.block, err)
	}
	return nil
}

// byLanguage holds a page's or fragment's template set of each language, put together when it is first
// shown: a short command shows none of them, and would otherwise spend most of its time here.
type byLanguage map[string]func() *template.Template

// newSets makes the sets of a layout, a page's own file and the shared files. It panics on a missing file
// or block: package variables are made before main, so the program does not start.
func newSets(layout, file, block string) byLanguage {
	names := append([]string{layout, file}, shared[:]...)
	found := false
	for _, name := range names {
		if len(blocks[name]) == 0 {
			panic(fmt.Sprintf("templates: there is no %s", name))
		}
		found = found || slices.ContainsFunc(blocks[name], func(t *template.Template) bool { return t.Name() == block })
	}
	if !found {
		panic(fmt.Sprintf("templates: %s has no block %q", file, block))
	}
	made := byLanguage{}
	for _, lang := range locale.Languages() {
		made[lang] = sync.OnceValue(func() *template.Template {
			set := template.New(file).Option("missingkey=error").Funcs(funcs(lang))
			for _, name := range names {
				for _, block := range blocks[name] {
					template.Must(set.AddParseTree(block.Name(), block.Tree.Copy()))
				}
			}
			return set
		})
	}
	return made
}

// blocks are the blocks of every file. A mistake in one stops the program at start.
var blocks = parseFiles()

func parseFiles() map[string][]*template.Template {
	parsed := map[string][]*template.Template{}
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		// The functions are only checked here; a set binds them to its language.
		for _, block := range template.Must(template.New(name).Funcs(funcs("")).ParseFS(files, name)).Templates() {
			if block.Tree != nil {
				parsed[name] = append(parsed[name], block)
			}
		}
	}
	return parsed
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
		"clock":        func(at time.Time) string { return locale.Time(lang, locale.Second, at) },
		"minute":       func(at time.Time) string { return locale.Time(lang, locale.Minute, at) },
		"day":          func(at time.Time) string { return locale.Time(lang, locale.Moment, at) },
	}
}
