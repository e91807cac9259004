package users_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/users"
)

func read(t testing.TB, file string) []users.Line {
	t.Helper()
	lines, err := users.Read([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestAnImportDoesWhatWasLookedAtOrNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss, before := f.in("boss"), f.sum()
	f.in("otto")
	lines := read(t, "username;name;email;role\nzoe;Zoë;zoe@example.org;accountant\notto;Otto the "+
		"Second;;accountant\nann;;;\n")
	plan, err := f.people.Plan(t.Context(), boss, lines)
	if err != nil || plan.New != 1 || plan.Changed != 1 || plan.Same != 1 || !plan.Possible() {
		t.Fatalf("%+v, %v", plan, err)
	}
	if f.sum() != before {
		t.Fatal("looking changed something")
	}
	bad := read(t, "username,name,email\nzoe,Zoë,zoe@example.org\nbob,Bob,no\n")
	_, _, err = f.people.Import(t.Context(), boss, client, bad, plan.Digest())
	is(t, "a bad line", err, users.ErrNothing)
	_, _, err = f.people.Import(t.Context(), boss, client, lines, "")
	is(t, "without having looked", err, users.ErrChanged)
	f.Exec("update users set name = 'Otto the First' where username = 'otto' and office_id = $1", f.office)
	between := f.sum()
	_, _, err = f.people.Import(t.Context(), boss, client, lines, plan.Digest())
	is(t, "when the office has changed", err, users.ErrChanged)
	if f.sum() != between {
		t.Fatal("half of it was imported")
	}
	if plan, err = f.people.Plan(t.Context(), boss, lines); err != nil {
		t.Fatal(err)
	}
	done, made, err := f.people.Import(t.Context(), boss, client, lines, plan.Digest())
	if err != nil || done.New != 1 || len(made) != 1 || made[0] != f.id(f.office, "zoe") {
		t.Fatalf("%+v, %v, %v", done, made, err)
	}
	if n := f.Int(`select count(*) from users where username = 'otto' and name = 'Otto the Second'
		and role = 'accountant' and email = 'otto@example.org' and office_id = $1`, f.office); n != 1 {
		t.Error("the change is not there")
	}
	if f.living("otto") != 0 {
		t.Error("another role ended no session")
	}
	if created, changed, role, imported := f.audited(
		audit.UserCreated), f.audited(audit.UserChanged), f.audited(audit.RoleChanged),
		f.audited(audit.UsersImported); created != 1 || changed != 1 || role != 1 || imported != 1 {
		t.Errorf("written down: %d created, %d changed, %d roles, %d imports", created, changed, role, imported)
	}
	if n := f.Int("select count(*) from users where office_id = $1 and name = 'Otto the Second'", f.other); n != 0 {
		t.Error("another office's user changed")
	}
}

func TestAnImportThatFailsHalfWayLeavesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	lines := read(t, "username,name,email\nzoe,Zoë,zoe@example.org\notto,Otto the Second,\nbob,Bob,bob@example.org\n")
	plan, err := f.people.Plan(t.Context(), boss, lines)
	if err != nil {
		t.Fatal(err)
	}
	f.Exec("alter table users add constraint no_bob check (username <> 'bob')")
	before, events := f.sum(), f.Int("select count(*) from audit_events")
	if _, _, err := f.people.Import(t.Context(), boss, client, lines, plan.Digest()); err == nil {
		t.Fatal("it succeeded")
	}
	if f.sum() != before || f.Int("select count(*) from audit_events") != events {
		t.Error("half of it was imported")
	}
}

func TestOfSixteenImportsOfOneFileAtOnceOneIsDone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	lines := read(t, "username,name,email\nzoe,Zoë,zoe@example.org\nbob,Bob,bob@example.org\n")
	plan, err := f.people.Plan(t.Context(), boss, lines)
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, err := range atOnce(16, func(int) error {
		_, _, err := f.people.Import(context.Background(), boss, client, lines, plan.Digest())
		return err
	}) {
		switch {
		case err == nil:
			done++
		case !errors.Is(err, users.ErrChanged) && !errors.Is(err, users.ErrNothing):
			t.Errorf("one got %v", err)
		}
	}
	if done != 1 || f.Int("select count(*) from users where office_id = $1", f.office) != 6 {
		t.Errorf("%d were done", done)
	}
}

func TestAnExportHasNoNumberAndNoFormulaAndComesBackUnchanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	f.Exec("update users set name = '=cmd|''/C calc''!A0' where username = 'otto'")
	factory.User(t, f.pool, f.office, factory.UserOpts{
		Username: "@bob", Name: "'t Hart, \"Bob\"", Email: "bob@example.org", PasswordHash: factory.NoPassword,
	})
	f.Exec(`insert into mobile_numbers (user_id, number, country, confirmed_at) select id, '+31612345678', 'NL', now()
		from users`)
	file, err := f.people.Export(t.Context(), boss, client, func(set factor.Set) string {
		if set.Has(factor.SMS) {
			return "number"
		}
		return "none"
	})
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	for _, wanted := range []string{
		"\uFEFF\"username\",\"name\",\"email\",\"role\",\"language\",\"second factor\",\"disabled\"\r\n",
		"\"boss\",\"boss\",\"boss@example.org\",\"superuser\",\"\",\"number\",\"no\"\r\n", "\"'@bob\",", ",\"'=cmd|"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is not in\n%s", wanted, text)
		}
	}
	if strings.Contains(text, "3161234") || strings.Count(text, "\n") != 6 {
		t.Errorf("a number, or another office's users, are in\n%s", text)
	}
	plan, err := f.people.Plan(t.Context(), boss, read(t, text))
	if err != nil || plan.Same != 5 || plan.Bad+plan.New+plan.Changed != 0 {
		t.Errorf("%+v, %v", plan, err)
	}
	if f.audited(audit.UsersExported) != 1 {
		t.Error("nobody wrote the export down")
	}
}

func TestAnExportInAnyLanguageComesBackUnchanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	boss := f.in("boss")
	for _, language := range locale.Languages() {
		reader := client
		reader.Language = language
		file, err := f.people.Export(t.Context(), boss, reader, func(factor.Set) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		const dutch = "\uFEFF\"gebruikersnaam\";\"naam\";\"e-mailadres\";\"rol\";\"taal\";" +
			"\"tweede factor\";\"uitgeschakeld\"\r\n"
		if language == "nl" && !strings.HasPrefix(string(file), dutch) {
			t.Errorf("in Dutch it is\n%s", file)
		}
		plan, err := f.people.Plan(t.Context(), boss, read(t, string(file)))
		if err != nil || plan.Same != 4 || plan.Bad+plan.New+plan.Changed != 0 {
			t.Errorf("in %s: %+v, %v", language, plan, err)
		}
	}
}

// Numbers come in by the same act as on a user's page: unconfirmed, masked wherever they are written down, and of
// whoever has no second factor. Who is not to be invited is not.
func TestAnImportBringsNumbersLanguagesAndInvitations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	post := &letters{}
	f.serve(post)
	boss := f.in("boss")
	lines := read(t, "Gebruikersnaam;Naam;E-mailadres;Mobiel;Taal;Uitnodigen\n"+
		"zoe;Zoë;zoe@example.org;06 12 34 56 78;nl;\nbob;Bob;bob@example.org;;english;nee\n"+
		"otto;;;+31 6 8765 4321;Nederlands;\n")
	plan, err := f.people.Plan(t.Context(), boss, lines)
	if err != nil || plan.New != 2 || plan.Changed != 1 || !plan.Possible() {
		t.Fatalf("%+v, %v", plan, err)
	}
	other := read(t, "username,name,email,mobile,language,invite\nzoe,Zoë,zoe@example.org,0612345679,nl,\n"+
		"bob,Bob,bob@example.org,,en,no\notto,,,0687654321,nl,\n")
	_, _, err = f.people.Import(t.Context(), boss, client, other, plan.Digest())
	is(t, "another number than was looked at", err, users.ErrChanged)
	_, made, err := f.people.Import(t.Context(), boss, client, lines, plan.Digest())
	if err != nil || len(made) != 1 || made[0] != f.id(f.office, "zoe") {
		t.Fatalf("%v are to be invited, %v", made, err)
	}
	if got := f.Text(`select string_agg(u.username || ' ' || u.language || ' ' || coalesce(m.number, '-') || ' '
			|| coalesce(m.confirmed_at::text, '-'), ', ' order by u.username)
		from users u left join mobile_numbers m on m.user_id = u.id
		where u.office_id = $1 and u.username in ('zoe', 'bob', 'otto')`, f.office); got !=
		"bob en - -, otto nl +31687654321 -, zoe nl +31612345678 -" {
		t.Errorf("it made %s", got)
	}
	if n := f.audited(audit.NumberRegistered); n != 2 {
		t.Errorf("%d numbers are in the history", n)
	}
	if text := f.Text("select string_agg(e::text, ' ') from audit_events e"); strings.Contains(text, "12345678") ||
		strings.Contains(text, "87654321") {
		t.Error("the history has a whole number")
	}
	again, err := f.people.Plan(t.Context(), boss, lines)
	if err != nil || again.Same != 3 {
		t.Errorf("once more it is %+v, %v", again, err)
	}
	// Whoever enrols themselves between the look and the import keeps what they have.
	next := read(t, "username,mobile\nann,0611112222\n")
	if plan, err = f.people.Plan(t.Context(), boss, next); err != nil {
		t.Fatal(err)
	}
	f.Exec(`insert into mobile_numbers (user_id, number, country, confirmed_at) values ($1, '+31699999999', 'NL', now())`,
		f.id(f.office, "ann"))
	_, _, err = f.people.Import(t.Context(), boss, client, next, plan.Digest())
	if !errors.Is(err, users.ErrChanged) && !errors.Is(err, users.ErrNothing) {
		t.Errorf("of who has a factor by now: %v", err)
	}
}
