package users

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
)

func TestAFileIsReadAsSpreadsheetsWriteIt(t *testing.T) {
	t.Parallel()
	zoe := []Line{{2, "zoe", "Zoë Jansen", "zoe@example.org", "user", "", "", ""}}
	for what, c := range map[string]struct {
		file string
		want []Line
	}{
		"commas":            {"username,name,email,role\nzoe,Zoë Jansen,zoe@example.org,user\n", zoe},
		"a byte order mark": {"\uFEFFusername,name,email,role\nzoe,Zoë Jansen,zoe@example.org,user", zoe},
		"a Dutch Excel":     {"\uFEFFGebruikersnaam;Naam;E-mailadres;Rol\r\nzoe;Zoë Jansen;zoe@example.org;user\r\n", zoe},
		"tabs":              {"User name\tFull name\tE-mail\tRole\nzoe\tZoë Jansen\tzoe@example.org\tuser\n", zoe},
		"an old Mac":        {"username,name,email,role\rzoe,Zoë Jansen,zoe@example.org,user\r", zoe},
		"quotes": {"\"username\";\"name\";\"email\";\"role\"\n\"zoe\";\"Zoë " +
			"Jansen\";\"zoe@example.org\";\"user\"\n", zoe},
		"another order": {"Role,E_MAIL,NAME,Username\nuser,zoe@example.org,Zoë Jansen,zoe\n", zoe},
		"spaces":        {" username , name , email , role \n zoe , Zoë Jansen , zoe@example.org , user \n", zoe},
		"an export's columns": {"username,name,email,role,second factor,disabled\nzoe,Zoë " +
			"Jansen,zoe@example.org,user,both,no\n", zoe},
		"empty columns": {"username,name,email,role,,\nzoe,Zoë Jansen,zoe@example.org,user,,\n", zoe},
		"sep": {"sep=;\r\nusername;name;email;role\r\nzoe;Zoë Jansen;zoe@example.org;user", []Line{
			{3, "zoe", "Zoë Jansen", "zoe@example.org", "user", "", "", ""},
		}},
		"empty lines": {"username,name,email,role\n\n,,,\nzoe,Zoë Jansen,zoe@example.org,user\n\n", []Line{
			{4, "zoe", "Zoë Jansen", "zoe@example.org", "user", "", "", ""},
		}},
		"a comma in a name": {"username;name\nzoe;\"Jansen, Zoë\"\n", []Line{{2, "zoe", "Jansen, Zoë", "", "", "", "", ""}}},
		"a line end in a name": {"username,name\nzoe,\"Zoë\r\nJansen\"\nbob,Bob\n", []Line{
			{2, "zoe", "Zoë Jansen", "", "", "", "", ""}, {4, "bob", "Bob", "", "", "", "", ""},
		}},
		"a quote in a name": {"username,name\nzoe,\"Zoë \"\"Z\"\" Jansen\"\n", []Line{
			{2, "zoe", "Zoë \"Z\" Jansen", "", "", "", "", ""},
		}},
		"a short line": {"username,name,email\nzoe\n", []Line{{2, "zoe", "", "", "", "", "", ""}}},
		"guarded cells": {"username,name\n'@zoe,'=1+1\nhart,'t Hart\n", []Line{
			{2, "@zoe", "=1+1", "", "", "", "", ""}, {3, "hart", "'t Hart", "", "", "", "", ""},
		}},
		"one column": {"username\nzoe\n", []Line{{2, "zoe", "", "", "", "", "", ""}}},
	} {
		if got, err := Read([]byte(c.file)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func TestAFileThatIsNoneIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	many := "username\n" + strings.Repeat("x\n", MaxLines+1)
	for what, c := range map[string]struct {
		file string
		want FileProblem
	}{
		"nothing":            {"", FileProblem{Problem: "empty"}},
		"a mark alone":       {"\uFEFF", FileProblem{Problem: "empty"}},
		"headings alone":     {"username,name\n\n,\n", FileProblem{Problem: "empty"}},
		"Windows-1252":       {"username,name\nzoe,Zo\xeb\n", FileProblem{Problem: "not_utf8"}},
		"UTF-16":             {"\xff\xfeu\x00s\x00", FileProblem{Problem: "not_utf8"}},
		"UTF-16 of ASCII":    {"u\x00s\x00e\x00r\x00", FileProblem{Problem: "not_utf8"}},
		"a spreadsheet":      {"PK\x03\x04\x14\x00", FileProblem{Problem: "not_utf8"}},
		"no headings":        {"zoe,Zoë\n", FileProblem{Problem: "column", Column: "zoe"}},
		"no username":        {"name,email\nZoë,z@example.org\n", FileProblem{Problem: "no_username"}},
		"a strange column":   {"username,office_id\nzoe,2\n", FileProblem{Problem: "column", Column: "office_id"}},
		"a password":         {"username,password\nzoe,x\n", FileProblem{Problem: "column", Column: "password"}},
		"a column twice":     {"username,user\nzoe,x\n", FileProblem{Problem: "column_twice", Column: "user"}},
		"a quote not closed": {"username,name\nbob,Bob\nzoe,\"Zoë\n", FileProblem{Problem: "quotes", Line: 3}},
		"a quote inside":     {"username,name\nzoe,Zo\"ë\n", FileProblem{Problem: "quotes", Line: 2}},
		"too many cells": {"username,name\nbob,Bob\nzoe,Zoë,superuser\n", FileProblem{
			Problem: "too_many_cells", Line: 3,
		}},
		"too many lines": {many, FileProblem{Problem: "too_many_lines"}},
		"too large":      {"username\n" + strings.Repeat("x", MaxFile), FileProblem{Problem: "too_large"}},
	} {
		_, err := Read([]byte(c.file))
		var got *FileProblem
		if !errors.As(err, &got) || got.Problem != c.want.Problem || got.Column != c.want.Column || c.want.Line != 0 &&
			got.Line != c.want.Line {
			t.Errorf("%s: %+v", what, err)
		}
	}
}

var acting = account.User{ID: 1, Username: "boss", Role: account.RoleSuperuser}

func office() has {
	now := time.Now()
	app := factor.Set{{Kind: factor.App, Counts: true, ConfirmedAt: &now}}
	return has{
		users: map[string]existing{
			"boss": {1, Fields{"Boss", "boss@example.org", account.RoleSuperuser}, "nl", app},
			"otto": {2, Fields{"Otto", "otto@example.org", account.RoleUser}, "", factor.Set{
				{Kind: factor.SMS, Label: "+31612345678", Country: "NL"}}},
			"una": {3, Fields{"Una", "una@example.org", account.RoleUser}, "en", nil},
		},
		numbers: map[string]int64{"+31612345678": 2}, open: []string{"NL", "BE", "GB"}, country: "NL",
	}
}

func TestEachBadLineIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 121)
	for what, c := range map[string]struct {
		line Line
		want Problem
	}{
		"no username":          {Line{Name: "X", Email: "x@example.org"}, BadUsername},
		"a bad username":       {Line{Username: "a b", Name: "X", Email: "x@example.org"}, BadUsername},
		"too long a username":  {Line{Username: long, Name: "X", Email: "x@example.org"}, BadUsername},
		"no name":              {Line{Username: "x", Email: "x@example.org"}, BadName},
		"too long a name":      {Line{Username: "otto", Name: long}, BadName},
		"no address":           {Line{Username: "x", Name: "X"}, NoEmail},
		"a bad address":        {Line{Username: "otto", Email: "otto"}, BadEmail},
		"a role that is none":  {Line{Username: "otto", Role: "king"}, RoleUnknown},
		"an operator":          {Line{Username: "otto", Role: "operator"}, RoleUnknown},
		"one's own role":       {Line{Username: "boss", Role: "user"}, OwnRole},
		"a twin":               {Line{Username: "ＯＴＴＯ", Name: "Otto"}, Twice},
		"a language":           {Line{Username: "una", Language: "Klingon"}, LanguageUnknown},
		"no yes and no no":     {Line{Username: "una", Invite: "perhaps"}, InviteUnknown},
		"a fixed line":         {Line{Username: "una", Mobile: "020 123 4567"}, NumberRefused},
		"no number":            {Line{Username: "una", Mobile: "my phone"}, NumberRefused},
		"another's number":     {Line{Username: "una", Mobile: "06 1234 5678"}, NumberTaken},
		"a closed country":     {Line{Username: "una", Mobile: "+33 6 12 34 56 78"}, NumberClosed},
		"who has a factor":     {Line{Username: "boss", Mobile: "06 8765 4321"}, NumberFactor},
		"the number of line 2": {Line{Username: "una", Mobile: "+31 6 1111 2222"}, NumberTwice},
		"good, a number":       {Line{Username: "una", Mobile: "06-87654321", Language: "Nederlands", Invite: "nee"}, ""},
		"good, abroad":         {Line{Username: "una", Mobile: "0044 7400 123456", Language: "EN"}, ""},
		"good":                 {Line{Username: "x", Name: "X", Email: "x@example.org"}, ""},
		"good, a Dutch role":   {Line{Username: "x", Name: "X", Email: "x@example.org", Role: "Gebruiker"}, ""},
		"good, nothing to do":  {Line{Username: "boss", Language: "Dutch"}, ""},
		"good, one's own name": {Line{Username: "BOSS", Name: "The Boss", Role: "SUPERUSER"}, ""},
	} {
		first := Line{Number: 2, Username: "Otto", Name: "Otto the Second", Mobile: "0611112222"}
		if c.line.Username == "otto" {
			first.Username, first.Email, first.Name = "y", "y@example.org", "Y"
		}
		c.line.Number = 3
		p := plan([]Line{first, c.line}, office(), acting)
		if got := p.Steps[1]; got.Problem != c.want || got.Line != 3 || p.Steps[0].Problem != "" {
			t.Errorf("%s: %+v", what, p)
		}
		if p.Possible() != (c.want == "") {
			t.Errorf("%s: possible is %v", what, p.Possible())
		}
		if (c.want == Twice || c.want == NumberTwice) && p.Steps[1].Twin != 2 {
			t.Errorf("the twin is line %d", p.Steps[1].Twin)
		}
	}
	// Nobody gives a role above their own, whoever may import one day.
	accountant := account.User{ID: 3, Role: account.RoleAccountant}
	p := plan([]Line{{2, "otto", "", "", "superuser", "", "", ""}}, office(), accountant)
	if p.Steps[0].Problem != HigherRole {
		t.Errorf("%+v", p)
	}
}

func TestAnEmptyCellLeavesAUserAsTheyAre(t *testing.T) {
	t.Parallel()
	p := plan([]Line{
		{2, "otto", "", "", "accountant", "", "", ""}, {3, "new", "New", "new@example.org", "", "", "", ""},
		{4, "boss", "Boss", "", "", "", "", ""},
	}, office(), acting)
	if p.New != 1 || p.Changed != 1 || p.Same != 1 || p.Bad != 0 {
		t.Errorf("%+v", p)
	}
	if will := p.Steps[0].Will; will != (Fields{"Otto", "otto@example.org", account.RoleAccountant}) {
		t.Errorf("%+v", will)
	}
	if p.Steps[1].Will.Role != account.RoleUser {
		t.Error("a new user without a role is no user")
	}
	file, err := p.File()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := Read([]byte(file))
	if again := plan(lines, office(), acting); err != nil || again.Digest() != p.Digest() {
		t.Errorf("the plan's file is another plan: %v\n%s", err, file)
	}
	changed := office()
	changed.users["otto"] = existing{2, Fields{"Otto", "else@example.org", account.RoleUser}, "", nil}
	if plan(lines, changed, acting).Digest() == p.Digest() {
		t.Error("another office has the same digest")
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "\uFEFF", "username\nx\n", "username,name,email,role\nzoe,Zoë,zoe@example.org,user\n",
		"Gebruikersnaam;Naam\r\nx;\"y;\"\"z\"\"\"\r\n",
		"username;mobiel;taal;uitnodigen\nuna;06 87654321;nl;ja\notto;+31612345678;;\n",
		"sep=;\nusername;name\nx;y", "sep=\t", "username\r'=x\r", "username,name\nx,\"a\nb\"\n", "\"", "username,\"",
		"u\x00", "\xff\xfe", ",,,\n,,,\n", "username,,\nx,,y",
		"username,name\n'''@x,'\n", "username,name\nx,'\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		lines, err := Read(file)
		var problem *FileProblem
		if err != nil {
			if !errors.As(err, &problem) || problem.Problem == "" {
				t.Fatalf("an error that is no reason: %v", err)
			}
			return
		}
		if len(lines) == 0 || len(lines) > MaxLines {
			t.Fatalf("%d lines", len(lines))
		}
		p := plan(lines, office(), acting)
		if p.New+p.Changed+p.Same+p.Bad != len(lines) {
			t.Fatalf("the plan forgets a line: %+v", p)
		}
		for i, step := range p.Steps {
			if i > 0 && step.Line <= p.Steps[i-1].Line {
				t.Fatalf("line %d after %d", step.Line, p.Steps[i-1].Line)
			}
			if step.New() && (step.Will.Role != account.RoleUser && step.Will.Role != account.RoleAccountant &&
				step.Will.Role != account.RoleSuperuser || !account.ValidEmail(step.Will.Email)) {
				t.Fatalf("a user is made as %+v", step)
			}
		}
		if p.Bad > 0 {
			return
		}
		// What was looked at is what is imported: the plan survives the way through the page.
		again, err := p.File()
		if err != nil {
			t.Fatal(err)
		}
		once, err := Read([]byte(again))
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		if plan(once, office(), acting).Digest() != p.Digest() {
			t.Fatalf("%+v\nbecomes\n%+v", p, plan(once, office(), acting))
		}
	})
}

func ExampleRead() {
	lines, _ := Read([]byte("Gebruikersnaam;Naam\r\nzoe;Zoë\r\n"))
	fmt.Println(lines[0].Username, lines[0].Name)
	// Output: zoe Zoë
}
