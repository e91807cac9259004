package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const right = "a long enough password"

// fixture is the office ACME with the user jdoe, and gone, who is disabled. Both have the password right.
type fixture struct {
	dbtest.Database
	*Service
	t      testing.TB
	pool   *db.Pool
	hasher *Hasher
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	hasher := NewHasher(factory.CheapHash())
	f := &fixture{t: t, hasher: hasher}
	f.Database, f.pool = dbtest.New(t)
	f.serve(NoMail{}, factory.Outbox{})
	factory.Office(t, f.pool, factory.OfficeOpts{})
	for _, name := range []string{"jdoe", "gone"} {
		_, err := f.Create(t.Context(), NewUser{
			OfficeCode: "acme", Username: name, Name: "J. Doe", Role: RoleUser, Password: right,
		}, audit.CommandLine)
		if err != nil {
			t.Fatal(err)
		}
	}
	f.Exec("update users set disabled_at = now() where username = 'gone'")
	return f
}

// serve makes the Service with this post and outbox.
func (f *fixture) serve(post Post, outbox Outbox) {
	log := factory.AuditLog()
	f.Service = New(f.pool, f.hasher, NewWays(post, enders{}, log), outbox, log, "Nightlatch")
}

// known makes mine a browser that jdoe logged in with.
func (f *fixture) known() {
	f.t.Helper()
	factory.KnownBrowser(f.t, f.pool, f.ID("select id from users where username = 'jdoe' and office_id is not null"),
		"mine")
}

func (f *fixture) try(office, username, password, browser string) error {
	_, err := f.SignIn(context.Background(), Attempt{
		OfficeCode: office, Username: username, Password: password, Browser: []byte(browser), Address: "192.0.2.1",
	})
	return err
}

func (f *fixture) tryOperator(username, password, browser string) error {
	_, err := f.SignInOperator(context.Background(), Attempt{
		Username: username, Password: password, Browser: []byte(browser), Address: "192.0.2.1",
	})
	return err
}

func TestEveryWrongCombinationHasOneAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, a := range map[string][3]string{
		"password": {"ACME", "jdoe", "wrong"}, "user": {"ACME", "nobody", right}, "office": {"NOPE", "jdoe", right},
		"disabled": {"ACME", "gone", right},
		"NUL":      {"ACME\x00", "j\x00doe\xff", "\x00\xff"}, "long": {"ACME", "x", string(make([]byte, 5000))},
	} {
		if err := f.try(a[0], a[1], a[2], ""); !errors.Is(err, ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.try(" acme ", "ＪＤｏｅ", right, ""); err != nil {
		t.Errorf("a twin of the name: %v", err)
	}
}

func TestGuessingIsDelayedForKnownAndUnknownNamesAlike(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var delay *Delay
	for _, name := range []string{"jdoe", "nobody"} {
		for i, twin := range []string{name, name + " ", name, name} {
			if err := f.try("ACME", twin, "wrong", "stranger"); !errors.Is(err, ErrWrong) {
				t.Fatalf("try %d of %s: %v", i+1, name, err)
			}
		}
		// A busy machine may sleep through the second that the fourth failure costs: the test makes it longer.
		var costs float64
		err := f.pool.QueryRow(t.Context(),
			`update password_failures set next_try_at = next_try_at + interval '5 minutes' where account = 'ACME/' || $1
			returning extract(epoch from next_try_at - interval '5 minutes' - changed_at)`, name).Scan(&costs)
		if err != nil || costs != 1 {
			t.Errorf("the fourth failure of %s costs %v s, %v", name, costs, err)
		}
		if err := f.try("ACME", name, right, "stranger"); !errors.As(err, &delay) || delay.Wait <= 0 {
			t.Errorf("the fifth try of %s: %v", name, err)
		}
	}
	// The owner's known browser has a budget of its own.
	f.known()
	if err := f.try("ACME", "jdoe", right, "mine"); err != nil {
		t.Errorf("the owner: %v", err)
	}
	// Who waits as long as told gets through.
	f.Exec("update password_failures set next_try_at = now()")
	if err := f.try("ACME", "jdoe", right, "stranger"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestParallelGuessesShareNoTry(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	compared := make(chan bool, 40)
	began := time.Now()
	for range 40 {
		go func() { compared <- errors.Is(f.try("ACME", "jdoe", "wrong", ""), ErrWrong) }()
	}
	n := 0
	for range 40 {
		if <-compared {
			n++
		}
	}
	// Three are free and the fourth is compared; each wait that a slow machine sleeps through (1, 2, 4 … s) lets one
	// more in.
	most := 5
	for wait, passed := 1.0, 1.0; time.Since(began).Seconds() > passed; wait, passed = 2*wait, passed+2*wait {
		most++
	}
	if n < 3 || n > most {
		t.Errorf("%d of forty guesses were compared, %d may be", n, most)
	}
}

func FuzzCanonicalUsername(f *testing.F) {
	for _, seed := range []string{"Bob", "BOB ", "ｂｏｂ", "ß", "İ", "\x00", "a\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		once := CanonicalUsername(typed)
		if twice := CanonicalUsername(once); twice != once {
			t.Errorf("%q becomes %q and then %q", typed, once, twice)
		}
	})
}

func TestAnOperatorIsCreatedOnceWithAPasswordOfTwelve(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	if _, err := f.CreateOperator(ctx, " Ops ", right, audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string][2]string{
		"there already is an operator ops": {"ＯＰＳ", right}, "at least 12": {"next", "eleven-char"},
		"is the username": {"a-long-username", "A-Long-Username"},
		"more than 128":   {"next", strings.Repeat("w", 129)}, "the username needs": {"two words", right},
		"the username needs 1": {"", right},
	} {
		if _, err := f.CreateOperator(ctx, c[0], c[1], audit.CommandLine); err == nil ||
			!strings.Contains(err.Error(), what) {
			t.Errorf("%q: %v", c[0], err)
		}
	}
	if _, err := f.Create(ctx, NewUser{OfficeCode: "ACME", Username: "ops", Name: "Ops", Role: RoleUser,
		Password: right}, audit.CommandLine); err != nil {
		t.Errorf("an office's user of the same name: %v", err)
	}
	if err := f.tryOperator("OPS ", right, ""); err != nil {
		t.Errorf("the operator: %v", err)
	}
	for what, c := range map[string][2]string{"a user": {"jdoe", right}, "nobody": {"nobody", right},
		"a wrong password": {"ops", "wrong"}} {
		if err := f.tryOperator(c[0], c[1], ""); !errors.Is(err, ErrWrong) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := f.RemoveOperator(ctx, "jdoe", audit.CommandLine); !errors.Is(err, ErrUnknown) {
		t.Errorf("removing an office's user: %v", err)
	}
	if err := f.RemoveOperator(ctx, "Ops", audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	if err := f.tryOperator("ops", right, ""); !errors.Is(err, ErrWrong) {
		t.Errorf("a removed operator: %v", err)
	}
	events := f.Text(`select string_agg(action || ' ' || actor || ' ' || subject, ', ' order by id) from audit_events
		where action like 'operator%' and office_id is null`)
	if want := "operator_created command line ops, operator_removed command line ops"; events != want {
		t.Errorf("the history has %q", events)
	}
}

func TestTheOperatorsDoorCountsAsTheOfficesDoorDoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if _, err := f.CreateOperator(t.Context(), "jdoe", right, audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	var delay *Delay
	for _, name := range []string{"jdoe", "nobody"} {
		for range 4 {
			if err := f.tryOperator(name, "wrong", "stranger"); !errors.Is(err, ErrWrong) {
				t.Fatalf("%s: %v", name, err)
			}
		}
		// A busy machine may sleep through the second that the fourth failure costs: the test makes it longer.
		f.Exec(`update password_failures set next_try_at = next_try_at + interval '5 minutes'
			where account = 'operator/' || $1`, name)
		if err := f.tryOperator(name, right, "stranger"); !errors.As(err, &delay) {
			t.Errorf("the fifth try of %s: %v", name, err)
		}
		// No office shares the counter, nor would one that is called as this door is.
		for _, office := range []string{"ACME", "operator", ""} {
			if err := f.try(office, name, "wrong", "stranger"); !errors.Is(err, ErrWrong) {
				t.Errorf("%s of office %q: %v", name, office, err)
			}
		}
	}
	for role, sql := range map[string]string{"user": "office_id is not null", "operator": "office_id is null"} {
		f.Exec("delete from known_browsers")
		factory.KnownBrowser(t, f.pool, f.ID("select id from users where username = 'jdoe' and "+sql), "mine")
		if err := f.tryOperator("jdoe", right, "mine"); (err == nil) != (role == "operator") {
			t.Errorf("in a browser that the %s knows: %v", role, err)
		}
	}
}

func TestAnOperatorRanksNowhereInAnOffice(t *testing.T) {
	t.Parallel()
	for _, other := range []Role{RoleUser, RoleAccountant, RoleSuperuser, RoleOperator, ""} {
		if RoleOperator.AtLeast(other) {
			t.Errorf("an operator is at least %q", other)
		}
	}
	if RoleOperator.Valid() || RoleOperator.ManagesUsers() || RoleOperator.ManagesOffice() {
		t.Error("an operator has a role in an office")
	}
	f := newFixture(t)
	if _, err := f.Create(t.Context(), NewUser{OfficeCode: "ACME", Username: "ops", Name: "Ops", Role: RoleOperator,
		Password: right}, audit.CommandLine); err == nil {
		t.Error("an office got an operator")
	}
}

// Whoever sits in a session of a user, by the password or a stolen cookie, and mistypes there for hours, delays no
// other session's proof or change of password. Sessions that single sign-on began share one budget: whoever can begin
// them at will would have a new one for every guess.
func TestWhoSitsInOneSessionDelaysNoOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	officeID, id, err := f.Find(t.Context(), "ACME", "jdoe")
	if err != nil {
		t.Fatal(err)
	}
	user := User{ID: id, OfficeID: officeID, Username: "jdoe"}
	check := func(in int64, password string) error {
		return f.CheckPassword(t.Context(), user, in, "ACME", password, "192.0.2.1")
	}
	for _, begun := range []string{"pwd", "sso"} {
		theirs := factory.Session(t, f.pool, id, factory.SessionOpts{}).ID
		mine := factory.Session(t, f.pool, id, factory.SessionOpts{}).ID
		f.Exec("update sessions set methods = array[$1]", begun)
		var delay *Delay
		for i := 0; !errors.As(check(theirs, "wrong"), &delay); i++ {
			if i == 10 {
				t.Fatal("nobody is delayed")
			}
		}
		if err := check(mine, right); (err == nil) != (begun == "pwd") || err != nil && !errors.As(err, &delay) {
			t.Errorf("in another session that %q began: %v", begun, err)
		}
		if err := check(theirs, right); !errors.As(err, &delay) {
			t.Errorf("in the same one: %v", err)
		}
	}
}
