package templates_test

import (
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	syntax "text/template/parse"

	"github.com/jba/templatecheck"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/templates"

	_ "github.com/nightlatch/nightlatch/templates/account"
	_ "github.com/nightlatch/nightlatch/templates/demo"
	_ "github.com/nightlatch/nightlatch/templates/door"
	_ "github.com/nightlatch/nightlatch/templates/factor"
	_ "github.com/nightlatch/nightlatch/templates/home"
	_ "github.com/nightlatch/nightlatch/templates/issuer"
	_ "github.com/nightlatch/nightlatch/templates/login"
	_ "github.com/nightlatch/nightlatch/templates/office"
	_ "github.com/nightlatch/nightlatch/templates/operator"
	_ "github.com/nightlatch/nightlatch/templates/users"
)

func TestEveryPageAndFragmentFitsItsStruct(t *testing.T) {
	for _, r := range templates.Registry() {
		for _, lang := range locale.Languages() {
			t.Run(fmt.Sprintf("%T/%s/%s", r.View, r.Block, lang), func(t *testing.T) {
				set, err := r.Sets[lang]().Lookup(r.Block).Clone()
				if err != nil {
					t.Fatal(err)
				}
				for _, block := range set.Templates() {
					checkNots(block)
				}
				if err := templatecheck.CheckHTMLStrict(set, r.View); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// checkNots makes each "not .X" of a block a plain ".X", since templatecheck does not look at what is negated.
func checkNots(block *template.Template) {
	if block.Tree == nil {
		return
	}
	walk(reflect.ValueOf(block.Tree.Root), func(node any) {
		if call, ok := node.(*syntax.CommandNode); ok && call.Args[0].String() == "not" {
			call.Args = call.Args[1:]
		}
	})
}

func TestEveryFileIsUsed(t *testing.T) {
	used := map[fs.FS]map[string]bool{templates.Files: {}}
	for _, name := range templates.Shared {
		used[templates.Files][name] = true
	}
	for _, r := range templates.Registry() {
		if used[r.Dir] == nil {
			used[r.Dir] = map[string]bool{}
		}
		for _, name := range append(r.Parts, r.File) {
			used[r.Dir][name] = true
		}
		used[templates.Files][r.Layout] = true
	}
	embedded := 0
	for dir, names := range used {
		files, err := fs.Glob(dir, "*.html")
		if err != nil {
			t.Fatal(err)
		}
		embedded += len(files)
		for _, name := range files {
			if !names[name] {
				t.Errorf("%s: no page and no fragment uses this file", name)
			}
		}
	}
	if all := onDisk(t); len(all) != embedded {
		t.Errorf("%d files are embedded of %d: a folder without a page, or one that this test does not import",
			embedded, len(all))
	}
}

// onDisk returns the text of every template by its name.
func onDisk(t *testing.T) map[string]string {
	t.Helper()
	texts, root := map[string]string{}, os.DirFS(".")
	err := fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".html") {
			return err
		}
		text, err := fs.ReadFile(root, name)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestEveryBlockIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, r := range templates.Registry() {
		used[r.Block] = true
		for _, block := range r.Sets[locale.Languages()[0]]().Templates() {
			if block.Tree == nil {
				continue
			}
			walk(reflect.ValueOf(block.Tree.Root), func(node any) {
				if call, ok := node.(*syntax.TemplateNode); ok {
					used[call.Name] = true
				}
			})
		}
	}
	for _, r := range templates.Registry() {
		for _, block := range r.Sets[locale.Languages()[0]]().Templates() {
			if name := block.Name(); block.Tree != nil && block.Tree.Root != nil && !syntax.IsEmptyTree(block.Tree.Root) &&
				!used[name] {
				t.Errorf("%s: no page, fragment or block uses the block %q", block.Tree.ParseName, name)
				used[name] = true // told once
			}
		}
	}
}

func TestEveryPathExists(t *testing.T) {
	for _, r := range templates.Registry() {
		for _, block := range r.Sets[locale.Languages()[0]]().Templates() {
			if block.Tree == nil {
				continue
			}
			walk(reflect.ValueOf(block.Tree.Root), func(node any) {
				call, ok := node.(*syntax.CommandNode)
				if !ok || call.Args[0].String() != "path" {
					return
				}
				name, ok := call.Args[1].(*syntax.StringNode)
				if !ok {
					t.Fatalf("%s: the path of %s is not written out", block.Tree.ParseName, call)
				}
				if _, err := paths.Named(name.Text, make([]any, len(call.Args)-2)...); err != nil {
					t.Errorf("%s: %v", block.Tree.ParseName, err)
				}
			})
		}
	}
}

// Addresses are spelled in handlers/web/paths alone.
func TestNoTemplateSpellsAnAddress(t *testing.T) {
	address := regexp.MustCompile(`(?:href|action|hx-get|hx-post)="(?:[^"{]|{{[^}]*}})*/[a-z]`)
	for name, text := range onDisk(t) {
		for _, found := range address.FindAllString(text, -1) {
			t.Errorf("%s: %s", name, found)
		}
	}
}

// walk calls visit for every node of a parsed template.
func walk(v reflect.Value, visit func(node any)) {
	switch v.Kind() {
	case reflect.Interface:
		walk(v.Elem(), visit)
	case reflect.Pointer:
		if _, tree := v.Interface().(*syntax.Tree); tree || v.IsNil() {
			return // a node points back to its tree
		}
		visit(v.Interface())
		walk(v.Elem(), visit)
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walk(v.Field(i), visit)
			}
		}
	}
}
