package templates

import (
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"testing"
	syntax "text/template/parse"

	"github.com/jba/templatecheck"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
)

func TestEveryPageAndFragmentFitsItsStruct(t *testing.T) {
	for _, r := range registry {
		for _, lang := range locale.Languages() {
			t.Run(fmt.Sprintf("%T/%s/%s", r.view, r.block, lang), func(t *testing.T) {
				set, err := r.sets[lang]().Lookup(r.block).Clone()
				if err != nil {
					t.Fatal(err)
				}
				for _, block := range set.Templates() {
					checkNots(block)
				}
				if err := templatecheck.CheckHTMLStrict(set, r.view); err != nil {
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
	used := shared[:]
	for _, r := range registry {
		used = append(used, r.files...)
	}
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !slices.Contains(used, name) {
			t.Errorf("%s: no page and no fragment uses this file", name)
		}
	}
}

func TestEveryBlockIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, r := range registry {
		used[r.block] = true
		for _, block := range r.sets[locale.Languages()[0]]().Templates() {
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
	for _, r := range registry {
		for _, block := range r.sets[locale.Languages()[0]]().Templates() {
			if name := block.Name(); block.Tree != nil && block.Tree.Root != nil && !syntax.IsEmptyTree(block.Tree.Root) &&
				!used[name] {
				t.Errorf("%s: no page, fragment or block uses the block %q", block.Tree.ParseName, name)
				used[name] = true // told once
			}
		}
	}
}

func TestEveryPathExists(t *testing.T) {
	for _, r := range registry {
		for _, block := range r.sets[locale.Languages()[0]]().Templates() {
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
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`(?:href|action|hx-get|hx-post)="(?:[^"{]|{{[^}]*}})*/[a-z]`)
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range address.FindAll(text, -1) {
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
