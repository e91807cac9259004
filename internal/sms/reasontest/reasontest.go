// Package reasontest reads the reasons of package sms out of its source, for tests that ask for a sentence for each.
package reasontest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"runtime"
	"strconv"
)

// OfSends returns every value that an outcome's reason can have besides "": the constants of type Reason.
func OfSends() (reasons []string) {
	ast.Inspect(source("classify.go"), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "Reason" {
				reasons = append(reasons, texts(spec.Values...)...)
			}
		}
		return true
	})
	return some(reasons)
}

// OfReceipts returns every value that a receipt's reason can have besides "": those of the map carrierErrors.
func OfReceipts() (reasons []string) {
	ast.Inspect(source("receipt.go"), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "carrierErrors" {
			return true
		}
		for _, entry := range spec.Values[0].(*ast.CompositeLit).Elts {
			reasons = append(reasons, texts(entry.(*ast.KeyValueExpr).Value)...)
		}
		return false
	})
	return some(reasons)
}

// source is a file of package sms, which this package does not import: its own tests use this one.
func source(name string) *ast.File {
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(here), "..", name)
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		panic(err)
	}
	return file
}

func texts(exprs ...ast.Expr) (all []string) {
	for _, e := range exprs {
		text, err := strconv.Unquote(e.(*ast.BasicLit).Value)
		if err != nil {
			panic(err)
		}
		all = append(all, text)
	}
	return all
}

// some refuses an empty list, with which every test would pass.
func some(reasons []string) []string {
	if len(reasons) == 0 {
		panic("reasontest: package sms has changed its form")
	}
	return reasons
}
