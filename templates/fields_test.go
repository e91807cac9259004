package templates_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	syntax "text/template/parse"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/templates"
)

// A field that no template and no method reads is dead: whoever fills it in works for nobody.
func TestEveryFieldIsShown(t *testing.T) {
	r := reader{seen: map[string]bool{}, read: map[string]bool{}}
	for _, entry := range templates.Registry() {
		set := entry.Sets[locale.Languages()[0]]()
		r.trees = map[string]*syntax.Tree{}
		for _, block := range set.Templates() {
			r.trees[block.Name()] = block.Tree
		}
		r.block(entry.Block, reflect.TypeOf(entry.View))
	}
	for name := range selected(t) {
		r.read["method."+name] = true
	}
	for _, entry := range templates.Registry() {
		r.report(t, reflect.TypeOf(entry.View))
	}
}

// reader follows the type of the dot through blocks, and notes which fields they read.
type reader struct {
	trees map[string]*syntax.Tree
	seen  map[string]bool // blocks with the type that they were read with, and types that were reported
	read  map[string]bool // "Type.Field"
}

func (r *reader) block(name string, dot reflect.Type) {
	if key := name + " " + typeName(dot); !r.seen[key] && r.trees[name] != nil {
		r.seen[key] = true
		r.list(r.trees[name].Root, dot, map[string]reflect.Type{"$": dot})
	}
}

func (r *reader) list(list *syntax.ListNode, dot reflect.Type, vars map[string]reflect.Type) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *syntax.ActionNode:
			r.pipe(n.Pipe, dot, vars)
		case *syntax.TemplateNode:
			r.block(n.Name, r.pipe(n.Pipe, dot, vars))
		case *syntax.IfNode:
			r.pipe(n.Pipe, dot, vars)
			r.list(n.List, dot, vars)
			r.list(n.ElseList, dot, vars)
		case *syntax.WithNode:
			r.list(n.List, r.pipe(n.Pipe, dot, vars), vars)
			r.list(n.ElseList, dot, vars)
		case *syntax.RangeNode:
			if elem := r.pipe(n.Pipe, dot, vars); elem != nil {
				elem = elem.Elem()
				if declared := n.Pipe.Decl; len(declared) > 0 {
					vars[declared[len(declared)-1].Ident[0]] = elem
				}
				r.list(n.List, elem, vars)
			}
			r.list(n.ElseList, dot, vars)
		}
	}
}

// pipe returns the type of a pipeline, or nil for the result of a function.
func (r *reader) pipe(pipe *syntax.PipeNode, dot reflect.Type, vars map[string]reflect.Type) (last reflect.Type) {
	if pipe == nil {
		return nil
	}
	for _, command := range pipe.Cmds {
		for i, arg := range command.Args {
			var typ reflect.Type
			switch n := arg.(type) {
			case *syntax.DotNode:
				typ = dot
			case *syntax.FieldNode:
				typ = r.fields(dot, n.Ident)
			case *syntax.VariableNode:
				typ = r.fields(vars[n.Ident[0]], n.Ident[1:])
			case *syntax.PipeNode:
				typ = r.pipe(n, dot, vars)
			case *syntax.ChainNode:
				if inner, ok := n.Node.(*syntax.PipeNode); ok {
					typ = r.fields(r.pipe(inner, dot, vars), n.Field)
				}
			}
			if i == 0 {
				last = typ
			}
		}
	}
	for _, declared := range pipe.Decl {
		vars[declared.Ident[0]] = last
	}
	return last
}

func (r *reader) fields(typ reflect.Type, names []string) reflect.Type {
	for _, name := range names {
		if typ == nil {
			return nil
		}
		method, isMethod := typ.MethodByName(name)
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if !isMethod {
			method, isMethod = typ.MethodByName(name)
		}
		if isMethod {
			typ = method.Type.Out(0)
			continue
		}
		if typ.Kind() != reflect.Struct {
			return nil
		}
		field, ok := typ.FieldByName(name)
		if !ok {
			return nil // the type check tells
		}
		for embedded := range field.Index[1:] {
			r.read[typeName(typ)+"."+typ.FieldByIndex(field.Index[:embedded+1]).Name] = true
		}
		r.read[typeName(typ)+"."+name] = true
		if len(field.Index) > 1 {
			r.read[typeName(typ.FieldByIndex(field.Index[:len(field.Index)-1]).Type)+"."+name] = true
		}
		typ = field.Type
	}
	return typ
}

// report complains of the fields of a view, and of the structs in it, that nothing read.
func (r *reader) report(t *testing.T, typ reflect.Type) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || !strings.Contains(typ.PkgPath(), "/templates") || r.seen[typeName(typ)] {
		return
	}
	r.seen[typeName(typ)] = true
	for i := range typ.NumField() {
		field := typ.Field(i)
		if !r.read[typeName(typ)+"."+field.Name] && !r.read["method."+field.Name] {
			t.Errorf("%s.%s: no template reads it", typeName(typ), field.Name)
		}
		r.report(t, field.Type)
	}
}

func typeName(typ reflect.Type) string {
	if typ == nil {
		return ""
	}
	return typ.String()
}

// selected returns the names of the fields that methods of views read.
func selected(t *testing.T) map[string]bool {
	names := map[string]bool{}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	inFolders, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, inFolders...) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if method, ok := decl.(*ast.FuncDecl); ok && method.Recv != nil && !strings.HasSuffix(path, "_test.go") {
				ast.Inspect(method, func(n ast.Node) bool {
					if sel, ok := n.(*ast.SelectorExpr); ok {
						names[sel.Sel.Name] = true
					}
					return true
				})
			}
		}
	}
	return names
}
