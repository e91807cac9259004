package account

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/typed/typedtest"
)

// A name that looks the same is the same at every door, whatever the keyboard made of it.
func TestANameIsFoundAsItIsSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := NewUser{OfficeCode: "acme", Role: "User\u200b", Password: "\ufeff" + right} // as PowerShell pipes it
	for name, others := range map[string][]string{
		"o'brien-1": nil, "İlker": {"ILKER", "ilker", "\u0131lker", "I\u0307LKER"}, "JOS\u00c9": {"jose\u0301"},
		"Straße": {"STRASSE"},
	} {
		user.Username, user.Name = name, " "+name+"\n\tJansen\u200b"
		id, err := f.Create(t.Context(), user, audit.CommandLine)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := f.Int("select count(*) from users where id = $1 and name = $2", id,
			strings.Join(strings.Fields(norm.NFKC.String(name)), " ")+" Jansen"); n != 1 {
			t.Errorf("%s is called something else", name)
		}
		for _, typed := range append(typedtest.Decorated(name), others...) {
			if err := f.try("a\u200bcme\u00a0", typed, right, "mine"); err != nil {
				t.Errorf("%s, typed as %q: %v", name, typed, err)
			}
			if _, found, err := f.Find(t.Context(), "\ufeffACME", typed); err != nil || found != id {
				t.Errorf("%s, typed as %q: user %d, %v", name, typed, found, err)
			}
		}
		for _, twin := range others {
			user.Username = twin
			if _, err := f.Create(t.Context(), user, audit.CommandLine); err == nil {
				t.Errorf("%q was made beside %q", twin, name)
			}
		}
	}
}

// Names were kept with digits of other scripts, with a letter for an apostrophe and with ı: who has one is found by it.
func TestAFormerNameIsFoundAsBefore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"jan\u0661", "o\u02bcbrien", "\u0131lgaz"} {
		f.Exec("update users set username = $1 where username = 'jdoe'", name)
		if err := f.try("ACME", name, right, "mine"); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		f.Exec("update users set username = 'jdoe' where username = $1", name)
	}
	// Where both are there, each is found by its own.
	f.Exec("update users set username = 'jan1' where username = 'jdoe'")
	f.Exec("update users set username = $1, disabled_at = null where username = 'gone'", "jan\u0661")
	for _, name := range []string{"jan1", "jan\u0661"} {
		user, err := f.SignIn(t.Context(), Attempt{OfficeCode: "ACME", Username: name, Password: right})
		if err != nil || user.Username != name {
			t.Errorf("%q finds %q, %v", name, user.Username, err)
		}
	}
}

func TestAnAddressOfTheCommandLineIsOne(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := NewUser{OfficeCode: "ACME", Username: "zoe", Name: "Zoë", Role: RoleUser, Password: right}
	for _, address := range []string{"not an address", "jan@", "jan@localhost", "a@b.example, c@d.example"} {
		user.Email = address
		if _, err := f.Create(t.Context(), user, audit.CommandLine); err == nil {
			t.Errorf("%q was taken", address)
		}
		user.Password, user.Invite = "", true
		if _, err := f.Create(t.Context(), user, audit.CommandLine); err == nil || !strings.Contains(err.Error(), "address") {
			t.Errorf("%q was invited: %v", address, err)
		}
		user.Password, user.Invite = right, false
	}
	user.Email = "zo\u00eb@b\u00fccher.Example\u200b"
	id, err := f.Create(t.Context(), user, audit.CommandLine)
	if n := f.Int("select count(*) from users where id = $1 and email = 'zoë@xn--bcher-kva.example'", id); n != 1 {
		t.Errorf("the address is not as mail servers know it (%v)", err)
	}
}

// A password that was set before is hashed byte by byte. It still opens, once in its old form, and from then on in each
// that looks the same; nobody is logged out by that, and the proof of another's time is not theirs.
func TestAPasswordSetBeforeStillOpens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := norm.NFD.String("caf\u00e9\u00a0umbrella seventeen")
	hash, err := f.hasher.Hash(t.Context(), before)
	if err != nil {
		t.Fatal(err)
	}
	f.Exec("update users set password_hash = $1, password_form = 'typed' where username = 'jdoe'", hash)
	version := f.Int("select password_version from users where username = 'jdoe'")
	seen := norm.NFC.String("caf\u00e9 umbrella seventeen")
	f.known()
	if err := f.try("ACME", "jdoe", seen, "mine"); err == nil {
		t.Error("another spelling of a password of before was compared as well: each try costs one hash")
	}
	if err := f.try("ACME", "jdoe", before, "mine"); err != nil {
		t.Fatalf("in its old form: %v", err)
	}
	if n := f.Int("select count(*) from users where username = 'jdoe' and password_form = 'rehashed'"); n != 1 {
		t.Error("it was not hashed anew")
	}
	if now := f.Int("select password_version from users where username = 'jdoe'"); now != version {
		t.Error("the same password in another form ended every session")
	}
	for _, typed := range []string{before, seen, "\ufeff" + seen, norm.NFKD.String(seen)} {
		if err := f.try("ACME", "jdoe", typed, "mine"); err != nil {
			t.Errorf("as %q: %v", typed, err)
		}
	}
	user := f.ID("select id from users where username = 'jdoe'")
	if err := f.SetPassword(t.Context(), user, "another umbrella seventeen"); err != nil {
		t.Fatal(err)
	}
	if now := f.Int("select password_version from users where username = 'jdoe'"); now != version+1 {
		t.Error("a new password after that ends no session")
	}
}

// Most passwords are the same in both forms: the hash stands.
func TestAPasswordOfBeforeKeepsItsHash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set password_form = 'typed' where username = 'jdoe'")
	hash := f.Text("select password_hash from users where username = 'jdoe'")
	if err := f.try("ACME", "jdoe", right, "mine"); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from users where username = 'jdoe' and password_form = 'read' and password_hash = $1",
		hash); n != 1 {
		t.Error("the form is not noted, or the hash is another")
	}
}
