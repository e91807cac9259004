package templates

import (
	"fmt"
	"io/fs"
	"slices"
	"testing"
	syntax "text/template/parse"

	"github.com/jba/templatecheck"

	"github.com/nightlatch/nightlatch/internal/locale"
)

func TestEveryPageAndFragmentFitsItsStruct(t *testing.T) {
	for _, r := range registry {
		for _, lang := range locale.Languages() {
			t.Run(fmt.Sprintf("%T/%s/%s", r.view, r.block, lang), func(t *testing.T) {
				set, err := r.sets[lang].Lookup(r.block).Clone()
				if err != nil {
					t.Fatal(err)
				}
				if err := templatecheck.CheckHTMLStrict(set, r.view); err != nil {
					t.Error(err)
				}
			})
		}
	}
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
		for _, block := range r.sets[locale.Languages()[0]].Templates() {
			if block.Tree != nil {
				invoked(block.Tree.Root, used)
			}
		}
	}
	for _, r := range registry {
		for _, block := range r.sets[locale.Languages()[0]].Templates() {
			if name := block.Name(); block.Tree != nil && block.Tree.Root != nil && !syntax.IsEmptyTree(block.Tree.Root) &&
				!used[name] {
				t.Errorf("%s: no page, fragment or block uses the block %q", block.Tree.ParseName, name)
				used[name] = true // told once
			}
		}
	}
}

// invoked notes the names of the blocks that a piece of a template invokes.
func invoked(node syntax.Node, names map[string]bool) {
	switch n := node.(type) {
	case *syntax.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			invoked(child, names)
		}
	case *syntax.TemplateNode:
		names[n.Name] = true
	case *syntax.IfNode:
		invoked(n.List, names)
		invoked(n.ElseList, names)
	case *syntax.RangeNode:
		invoked(n.List, names)
		invoked(n.ElseList, names)
	case *syntax.WithNode:
		invoked(n.List, names)
		invoked(n.ElseList, names)
	}
}
