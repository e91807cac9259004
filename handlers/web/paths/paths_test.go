package paths

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

func TestEveryRouteHasItsName(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "paths.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	count, seen := 0, map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name := spec.Names[0].Name
		path, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		count++
		if patterns()[name] != path {
			t.Errorf("%s is %q by its name", name, patterns()[name])
		}
		if other, ok := seen[path]; ok {
			t.Errorf("%s and %s are both %s", name, other, path)
		}
		seen[path] = name
		return true
	})
	if count < 90 || count != len(patterns()) {
		t.Errorf("%d constants have %d names", count, len(patterns()))
	}
}

func TestAnAddressIsItsPatternWithTheValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{To(UserDisable, int64(7)), "/settings/users/7/disable"},
		{To(Link, "a/b"), "/link/a%2Fb"},
		{To(Me), "/settings/me"},
		{Next(StepUp, Me), "/settings/confirm?next=/settings/me"},
		{Next(StepUp, ""), "/settings/confirm"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
	if path, err := Named("UserDisable", 7); err != nil || path != "/settings/users/7/disable" {
		t.Error(path, err)
	}
	for _, bad := range []func() (string, error){
		func() (string, error) { return Named("Nothing") },
		func() (string, error) { return Named("User") },
		func() (string, error) { return Named("Me", 1) },
	} {
		if path, err := bad(); err == nil {
			t.Errorf("%q, and no error", path)
		}
	}
}
