package users

import (
	"reflect"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
)

// Every heading and every cell of a file is read as it is seen, whatever a spreadsheet or a mail put into it.
func TestEveryCellIsReadAsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	cells := [][]string{
		{"username", "name", "e-mail", "role"}, {"o'brien-1", `Jan "J" O'Brien`, "jan@acme.example", "accountant"},
	}
	quoted := func(cell string) string { return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` }
	file := func() []byte {
		var text strings.Builder
		for _, row := range cells {
			for i, cell := range row {
				if i > 0 {
					text.WriteByte(';')
				}
				text.WriteString(quoted(cell))
			}
			text.WriteString("\r\n")
		}
		return []byte(text.String())
	}
	planned := func(file []byte) Plan {
		lines, err := Read(file)
		if err != nil {
			t.Errorf("%q is not read: %v", file, err)
		}
		return plan(lines, has{country: "NL"}, account.User{ID: 9, Role: account.RoleSuperuser})
	}
	want := planned(file())
	if want.New != 1 {
		t.Fatalf("the plain file makes nobody: %+v", want)
	}
	for r, row := range cells {
		for c, plain := range row {
			for _, decorated := range typedtest.Decorated(plain) {
				cells[r][c] = decorated
				if got := planned(file()); !reflect.DeepEqual(unnumbered(got), unnumbered(want)) {
					t.Errorf("%q for %q: %+v", decorated, plain, got)
				}
			}
			cells[r][c] = plain
		}
	}
	if got := planned(append([]byte("\ufeff\ufeff\u200b"), file()...)); !reflect.DeepEqual(unnumbered(got), want) {
		t.Errorf("behind two byte order marks: %+v", got)
	}
}

// unnumbered is a plan without the numbers of its lines: a line end within a heading moves them.
func unnumbered(p Plan) Plan {
	for i := range p.Steps {
		p.Steps[i].Line = 0
	}
	return p
}

// A name that was kept in another spelling is no change, and no mail about another address.
func TestAnotherSpellingIsNoChange(t *testing.T) {
	t.Parallel()
	was := Fields{"Jan O\u2019Brien", "Jan@ACME.Example", account.RoleUser}
	lines := []Line{{Number: 2, Username: "jan", Name: "Jan O'Brien", Email: "Jan@acme.example\u200b", Role: "user"}}
	office := has{users: map[string]existing{"jan": {1, was, "", nil}}}
	p := plan(lines, office, account.User{ID: 9, Role: account.RoleSuperuser})
	if p.Same != 1 {
		t.Errorf("%+v", p)
	}
}
