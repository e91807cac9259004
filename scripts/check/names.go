package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
)

// calledByOthers are methods that standard or third-party packages call, through interfaces of theirs; and localpg's
// Destroy, with which db/dbtest ends its server.
var calledByOthers = regexp.MustCompile(`^(Error|Unwrap|Is|As|String|GoString|LogValue|Format|ServeHTTP|RoundTrip|` +
	`Read|Write|Close|Scan|Value|(M|Unm)arshal(JSON|Text)|Decode|Kind|InsertOpts|Work|Timeout|Destroy|NextRetry|` +
	`Handle|HandleError|HandlePanic|Enabled|WithAttrs|WithGroup|Describe|Collect|Render|Run|AfterApply|Help|Validate)$`)

// unusedNames finds exported names that nothing but tests uses. It goes by the name alone, so that of two methods of
// one name it knows no difference; deadcode looks closer, and does not see what reflection might call.
func unusedNames(files []file) []string {
	var (
		set      = token.NewFileSet()
		declared []*ast.Ident
		used     = map[string]int{}
		word     = regexp.MustCompile(`\.([A-Z]\w*)`)
	)
	for _, f := range files {
		switch {
		case f.is(".html"): // templates read fields and call methods
			for _, m := range word.FindAllStringSubmatch(f.text, -1) {
				used[m[1]]++
			}
		case f.is(".go") && !f.isTest() && !f.isForeign():
			tree, err := parser.ParseFile(set, f.path, f.text, parser.SkipObjectResolution)
			if err != nil {
				return []string{err.Error()}
			}
			declared = append(declared, exported(tree)...)
			ast.Inspect(tree, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					used[id.Name]++
				}
				return true
			})
		}
	}
	times := map[string]int{} // declarations of a name: each counts as one use
	for _, id := range declared {
		times[id.Name]++
	}
	var found []string
	for _, id := range declared {
		if used[id.Name] <= times[id.Name] {
			found = append(found, fmt.Sprintf("%s: no program uses %s", set.Position(id.Pos()), id.Name))
		}
	}
	return found
}

// exported lists the exported functions, methods, types, values and untagged fields that a file declares.
func exported(tree *ast.File) []*ast.Ident {
	var names []*ast.Ident
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				names = append(names, id)
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if ofHiddenType(n) {
				return false
			}
			if n.Recv == nil || !calledByOthers.MatchString(n.Name.Name) {
				add(n.Name)
			}
			return false
		case *ast.GenDecl:
			return n.Tok != token.CONST || !isVocabulary(n)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.Field:
			if n.Tag == nil || !strings.Contains(n.Tag.Value, `:"`) { // a tag is read by reflection
				add(n.Names...)
			}
		}
		return true
	})
	return names
}

// isVocabulary reports whether constants are the words of a type: a row of the database or a page may hold each of
// them though Go never names it.
func isVocabulary(decl *ast.GenDecl) bool {
	spec, ok := decl.Specs[0].(*ast.ValueSpec)
	return ok && spec.Type != nil
}

// ofHiddenType reports whether a method is of a type that its package does not export: whatever its name, others call
// it through an interface alone, which the compiler and the linter unused look at.
func ofHiddenType(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return false
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, ok := t.(*ast.Ident)
	return ok && !name.IsExported()
}
