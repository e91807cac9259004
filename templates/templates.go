// Package templates turns plain structs into HTML: one .html and one .go of view structs a screen.
//
// Here are the layouts and what several screens share. The folders are those of handlers: each is a package
// with the pages of one of them, a page's .html and .go side by side. A page and its fragments share a file, the
// fragments as named blocks inside the page, so that what a page shows is what a fragment swaps. Page and Fragment tie
// a block to its struct when the program is compiled; a missing block stops it at start, and a test type-checks all
// that the registry holds.
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

// The layouts that a page can stand in.
const (
	Card = "card.html" // one card in the middle: the log-in, and whatever asks for one thing
	App  = "app.html"  // behind the log-in, with navigation
	Demo = "demo.html" // the demo's own pages
)

// shared are the files that every page and fragment is parsed with.
var shared = [...]string{"layout.html", "number_field.html", "sentence.html", "question.html", "factor_row.html",
	"waiting_now.html", "first_superuser.html", "session_list.html", "roles_field.html",
	"trust.html", "invitation.html", "pager.html"}

// registry lists every page and fragment, so that the type check cannot forget one. It is the package's
// only state: NewPage and NewFragment append to it while package variables are initialized, before main,
// and nothing changes it afterwards.
var registry []registered

// registered is a page or fragment as the registry knows it.
type registered struct {
	dir    fs.FS    // the folder of its file
	file   string   // in dir
	parts  []string // files of its sections, in dir
	layout string   // of a page; "" for a fragment
	block  string   // the block that is executed
	view   any      // a zero value of what the block is executed with
	sets   byLanguage
}

// content is what a page's template is executed with.
type content[T any] struct {
	Layout Layout
	View   T
}

// Page is a whole page whose content shows a T.
type Page[T any] struct{ sets byLanguage }

// NewPage returns the page of a file in dir, in a layout. Sections of it that stand in files of their own are named
// after it.
func NewPage[T any](dir fs.FS, layout, file string, sections ...string) Page[T] {
	sets := newSets(dir, layout, "page", append([]string{file}, sections...)...)
	registry = append(registry, registered{dir, file, sections, layout, "page", content[T]{}, sets})
	return Page[T]{sets}
}

// Render writes the page.
func (p Page[T]) Render(w io.Writer, l Layout, view T) error {
	if refusable, ok := any(view).(Refusable); ok {
		l.Problems = refusable.Problems()
	}
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

// NewFragment returns the fragment of a block of a file in dir.
func NewFragment[T any](dir fs.FS, file, block string) Fragment[T] {
	var view T
	sets := newSets(dir, Card, block, file)
	registry = append(registry, registered{dir, file, nil, "", block, view, sets})
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

// newSets makes the sets of a layout, a page's own files and the shared files. It panics on a missing file
// or block: package variables are made before main, so the program does not start.
func newSets(dir fs.FS, layout, block string, files ...string) byLanguage {
	blocks := slices.Clone(ours[layout])
	for _, file := range files {
		blocks = append(blocks, parseFile(dir, file)...)
	}
	for _, name := range shared {
		blocks = append(blocks, ours[name]...)
	}
	if !slices.ContainsFunc(blocks, func(t *template.Template) bool { return t.Name() == block }) {
		panic(fmt.Sprintf("templates: %s has no block %q", files[0], block))
	}
	asking := asks(blocks, block)
	made := byLanguage{}
	for _, lang := range locale.Languages() {
		made[lang] = sync.OnceValue(func() *template.Template {
			set := template.New(files[0]).Option("missingkey=error").Funcs(funcs(lang)).
				Funcs(template.FuncMap{"asks": func() bool { return asking }})
			for _, block := range blocks {
				template.Must(set.AddParseTree(block.Name(), block.Tree.Copy()))
			}
			return set
		})
	}
	return made
}

// ours are the blocks of the layouts and the shared files.
var ours = func() map[string][]*template.Template {
	parsed := map[string][]*template.Template{}
	for _, name := range append(shared[:], Card, App, Demo) {
		parsed[name] = parseFile(files, name)
	}
	return parsed
}()

// parseFile returns the blocks of a file. A mistake in it stops the program at start.
func parseFile(dir fs.FS, name string) (blocks []*template.Template) {
	// The functions are only checked here; a set binds them to its language.
	for _, block := range template.Must(template.New(name).Funcs(funcs("")).ParseFS(dir, name)).Templates() {
		if block.Tree != nil {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// funcs are the functions of all templates, bound to one language.
func funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"t": func(id string, args ...any) string { return locale.T(lang, id, args...) },
		"n": func(id string, n int, args ...any) string { return locale.N(lang, id, n, args...) },
		// All languages, and what each calls itself.
		"languages":    locale.Languages,
		"languageName": func(of string) string { return locale.T(of, "language.name") },
		// Whether the page asks for parts of itself, and needs htmx: a set says so of its own page.
		"asks":   func() bool { return true },
		"path":   paths.Named,
		"static": static.URL,
		"flag":   static.Flag,
		"lower":  strings.ToLower,
		// What stands in <time data-local> is written where the reader's time zone is known: handlers/web.
		"iso": func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
	}
}
