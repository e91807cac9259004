package templates

import (
	"bytes"
	"html/template"
	"slices"
	"text/template/parse"
)

// asks reports whether a block, with all that it may show, has an element that asks for a part of the page.
func asks(blocks []*template.Template, name string) bool {
	var seen []string
	var block func(name string) bool
	var node func(n parse.Node) bool
	branch := func(b parse.BranchNode) bool { return node(b.List) || b.ElseList != nil && node(b.ElseList) }
	node = func(n parse.Node) bool {
		switch n := n.(type) {
		case *parse.ListNode:
			return slices.ContainsFunc(n.Nodes, node)
		case *parse.TextNode:
			return bytes.Contains(n.Text, []byte("hx-get=")) || bytes.Contains(n.Text, []byte("hx-post="))
		case *parse.IfNode:
			return branch(n.BranchNode)
		case *parse.RangeNode:
			return branch(n.BranchNode)
		case *parse.WithNode:
			return branch(n.BranchNode)
		case *parse.TemplateNode:
			return block(n.Name)
		}
		return false
	}
	block = func(name string) bool {
		if slices.Contains(seen, name) {
			return false
		}
		seen = append(seen, name)
		return slices.ContainsFunc(blocks, func(t *template.Template) bool { return t.Name() == name && node(t.Tree.Root) })
	}
	return block(name)
}
