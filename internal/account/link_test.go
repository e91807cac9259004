package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/network"
)

const another = "kettle umbrella seventeen"

// postbox is a Post and an Outbox that keeps what it is given, once its transaction is.
type postbox struct {
	mu        sync.Mutex
	mails     []Mail
	forgotten []int64
}

func (*postbox) CanMail() bool { return true }

func (p *postbox) Mail(_ context.Context, _ pgx.Tx, m Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	return nil
}

func (p *postbox) AnswerForgotten(_ context.Context, _ pgx.Tx, id int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgotten = append(p.forgotten, id)
	return nil
}

// enders ends sessions as session.Store does, which this package cannot import.
type enders struct{}

func (enders) EndOf(ctx context.Context, tx pgx.Tx, userID, except int64) error {
	q := dbsqlc.New()
	_, err := q.SessionEndOfUser(ctx, tx, dbsqlc.SessionEndOfUserParams{UserID: userID, ExceptID: except})
	if err != nil {
		return err
	}
	return q.SessionRenew(ctx, tx, dbsqlc.SessionRenewParams{ID: except, UserID: userID})
}

// mailFixture is a fixture whose mails are kept, and whose users have an address.
type mailFixture struct {
	*fixture
	post     *postbox
	officeID int64
	userID   int64 // jdoe
}

func newMailFixture(t testing.TB) *mailFixture {
	t.Helper()
	f := &mailFixture{fixture: newFixture(t), post: &postbox{}}
	f.serve(f.post, f.post)
	f.Exec("update users set email = username || '@acme.example'")
	var err error
	if f.officeID, f.userID, err = f.Find(t.Context(), "ACME", "jdoe"); err != nil {
		t.Fatal(err)
	}
	return f
}

// count counts the rows of a table, or of what is from and where of a query.
func (f *mailFixture) count(from string) int {
	f.t.Helper()
	return f.Int("select count(*) from " + from)
}

// forget asks for a new password and lets the job run.
func (f *mailFixture) forget(office, username, address string) error {
	f.t.Helper()
	before := len(f.post.forgotten)
	err := f.Forgot(context.Background(), office, username, Origin{Address: address, Language: "en"})
	for _, id := range f.post.forgotten[before:] {
		if err := f.AnswerForgotten(context.Background(), id,
			func(context.Context, pgx.Tx) error { return nil }); err != nil {
			f.t.Fatal(err)
		}
	}
	return err
}

func (f *mailFixture) link() Token {
	f.t.Helper()
	if err := f.forget("acme", " JDOE ", "192.0.2.1"); err != nil || len(f.post.mails) == 0 {
		f.t.Fatalf("%v, %d mails", err, len(f.post.mails))
	}
	return f.post.mails[len(f.post.mails)-1].Token
}

func TestALinkServesOnceWhoeverComesAtOnce(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	token, other := f.link(), f.link()
	factory.Session(t, f.pool, f.userID, factory.SessionOpts{})
	factory.Session(t, f.pool, f.ID("select id from users where username = 'gone'"), factory.SessionOpts{})
	var won, lost atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			switch err := f.UseLink(context.Background(), token, fmt.Sprintf("%s %d", another, i),
				Origin{Address: "192.0.2.1"}); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, ErrLink):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || lost.Load() != 15 {
		t.Errorf("%d won and %d lost", won.Load(), lost.Load())
	}
	if _, err := f.OpenLink(t.Context(), other); !errors.Is(err, ErrLink) {
		t.Errorf("the user's other link: %v", err)
	}
	if n := f.count(
		"sessions where ended_at is null and user_id = (select id from users where username = 'jdoe')"); n != 0 {
		t.Errorf("%d sessions live on", n)
	}
	if n := f.count("sessions where ended_at is null"); n != 1 {
		t.Errorf("%d sessions of others live on", n)
	}
	if err := f.try("ACME", "jdoe", right, "x"); !errors.Is(err, ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if n := f.count("audit_events where action in ('password_reset', 'password_reset_asked')"); n != 3 {
		t.Errorf("%d audit events", n)
	}
	if n := f.count("notices where kind = 'password_changed'"); n != 1 {
		t.Errorf("%d notices", n)
	}
	if last := f.post.mails[len(f.post.mails)-1]; last.Kind != "password_reset" || last.Token != "" {
		t.Errorf("the last mail is %q", last.Kind)
	}
}

func TestALinkOpensNothingWhenItIsOver(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	for name, spoil := range map[string]string{
		"expired":  "update one_time_links set expires_at = now()",
		"disabled": "update users set disabled_at = now() where username = 'jdoe'",
		"used":     "update one_time_links set used_at = now()",
	} {
		token := f.link()
		if link, err := f.OpenLink(t.Context(), token); err != nil || link.Username != "jdoe" ||
			link.Purpose != PurposeReset {
			t.Fatalf("%s: %+v, %v", name, link, err)
		}
		f.Exec(spoil)
		_, err := f.OpenLink(t.Context(), token)
		if used := f.UseLink(t.Context(), token, another, Origin{}); !errors.Is(err, ErrLink) || !errors.Is(used, ErrLink) {
			t.Errorf("%s: %v, %v", name, err, used)
		}
		f.Exec("update users set disabled_at = null where username = 'jdoe'; ")
		f.Exec("delete from password_reset_requests")
	}
	token := f.link()
	for _, odd := range []string{"", "x", string(token) + "a", string(token[1:]), strings.ToUpper(string(token)),
		string(token) + "/", "\x00", strings.Repeat("a", 52)} {
		if _, err := f.OpenLink(t.Context(), Token(odd)); !errors.Is(err, ErrLink) {
			t.Errorf("%q: %v", odd, err)
		}
	}
	if n := f.count("one_time_links where encode(token_hash, 'escape') like '%" + string(token) + "%'"); n != 0 {
		t.Error("the token stands in the database")
	}
	// A refused password leaves the link as it is.
	var refusal *Refusal
	if err := f.UseLink(t.Context(), token, "jdoe jdoe jdoe", Origin{}); !errors.As(err, &refusal) {
		t.Errorf("%v", err)
	}
	if err := f.UseLink(t.Context(), token, another, Origin{}); err != nil {
		t.Error(err)
	}
}

// What strangers asked for while nobody could be written to leaves no user without a link who can be.
func TestRequestsThatLedToNoLinkDoNotCount(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	for spoil, mend := range map[string]string{
		"email = ''":          "email = 'j@a.nl'",
		"disabled_at = now()": "disabled_at = null",
	} {
		f.Exec("update users set "+spoil+" where id = $1", f.userID)
		for range 5 {
			if err := f.forget("ACME", "jdoe", ip4); err != nil {
				t.Fatal(err)
			}
		}
		before := len(f.post.mails)
		f.Exec("update users set "+mend+" where id = $1", f.userID)
		if err := f.forget("ACME", "jdoe", ip4Neighbour); err != nil || len(f.post.mails) != before+1 {
			t.Errorf("after %q: %d mails, %v", mend, len(f.post.mails)-before, err)
		}
		f.Exec("delete from password_reset_requests")
	}
}

func TestForgottenPasswordsAreLimitedByNameAndByAddress(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	for i := range 5 {
		if err := f.forget("ACME", "jdoe", fmt.Sprintf("192.0.2.%d", i)); err != nil {
			t.Fatal(err)
		}
		if err := f.forget("ACME", "nobody", fmt.Sprintf("192.0.2.%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.post.mails) != 3 || len(f.post.forgotten) != 6 {
		t.Errorf("%d mails after five requests, %d jobs for both names", len(f.post.mails), len(f.post.forgotten))
	}
	// A disabled user, one without an address, an unknown office: a job as for everybody, and no mail.
	f.Exec("update users set disabled_at = null, email = '' where username = 'gone'")
	for _, name := range [][2]string{{"ACME", "gone"}, {"NOPE", "jdoe"}} {
		if err := f.forget(name[0], name[1], "192.0.2.77"); err != nil {
			t.Error(err)
		}
	}
	f.Exec("update users set disabled_at = now(), email = 'gone@acme.example' where username = 'gone'")
	if err := f.forget("ACME", "gone", "192.0.2.77"); err != nil || len(f.post.mails) != 3 || len(f.post.forgotten) != 9 {
		t.Errorf("%v, %d mails, %d jobs", err, len(f.post.mails), len(f.post.forgotten))
	}
	for _, at := range []struct{ address, same, other string }{
		{ip4, ip4, ip4Neighbour}, {ip6, ip6SameHost, ip6SameSite}, {own, own, ip4Neighbour}, // the last is a proxy's
	} {
		f.Exec("delete from password_reset_requests; delete from known_browsers")
		most := f.Int("select max_reset_requests(false, $1)", network.Of(at.address).Own())
		f.requested(most-1, at.address)
		if err := f.forget("ACME", "the-last", at.address); err != nil {
			t.Errorf("request %d from %s: %v", most, at.address, err)
		}
		rows, asked := f.count("password_reset_requests"), len(f.post.forgotten)
		if err := f.forget("ACME", "one-more", at.same); !errors.Is(err, ErrTooMany) {
			t.Errorf("one more from %s: %v", at.same, err)
		}
		if n := f.count("password_reset_requests"); n != rows || len(f.post.forgotten) != asked {
			t.Errorf("who is refused at %s leaves %d rows and %d jobs", at.same, n-rows, len(f.post.forgotten)-asked)
		}
		if err := f.forget("ACME", "one-more", at.other); err != nil {
			t.Errorf("from %s: %v", at.other, err)
		}
		// Where the user has logged in before, a stranger behind the same address keeps them from nothing.
		f.known()
		err := f.Forgot(t.Context(), "ACME", "jdoe", Origin{Address: at.same, Browser: []byte("mine"), Language: "en"})
		if err != nil || len(f.post.forgotten) != asked+2 {
			t.Errorf("the owner in a known browser at %s: %v", at.same, err)
		}
	}
	// Parallel requests share no place.
	f.Exec("delete from password_reset_requests")
	before := len(f.post.forgotten)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			_ = f.Forgot(context.Background(), "ACME", "jdoe", Origin{Address: fmt.Sprintf("203.0.113.%d", i), Language: "nl"})
		})
	}
	all.Wait()
	if got := len(f.post.forgotten) - before; got != forgottenOfName {
		t.Errorf("%d of sixteen at once were answered", got)
	}
}

// requested asks for new passwords of n names from an address.
func (f *mailFixture) requested(n int, address string) {
	f.t.Helper()
	at := network.Of(address)
	f.Exec(`insert into password_reset_requests (name_hash, address, network, site, user_agent, language)
		select sha256(($2 || n)::bytea), $2, $3, $4, '', 'en' from generate_series(1, $1::int) n`, n, address, at.Host(),
		at.Site())
}

// Sites with many networks, and all together, have a count of their own; beyond the last a site that asked for nothing
// yet is still heard.
func TestRequestsForNewPasswordsAreBoundedInAll(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	for i := range f.Int("select max_reset_requests(true, false)") {
		f.requested(1, fmt.Sprintf("2001:db8:1:%x::1", i))
	}
	if err := f.forget("ACME", "jdoe", "2001:db8:1:ffff::1"); !errors.Is(err, ErrTooMany) {
		t.Errorf("from the same site: %v", err)
	}
	if err := f.forget("ACME", "jdoe", ip6Else); err != nil || len(f.post.mails) != 1 {
		t.Errorf("from another: %v", err)
	}
	f.Exec("create or replace function max_forms_of_strangers() returns integer language sql immutable return 20")
	if err := f.forget("ACME", "jdoe", ip6Else); !errors.Is(err, ErrTooMany) {
		t.Errorf("beyond the bound of all: %v", err)
	}
	if err := f.forget("ACME", "jdoe", ip4); err != nil || len(f.post.mails) != 2 {
		t.Errorf("from a site that asked for nothing yet: %v", err)
	}
}

// At every moment after a stranger's three requests, whoever asks gets a link or has one that lives.
func TestWhoAsksForALinkHasOneThatLives(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	lives := func() int {
		return f.count("one_time_links where used_at is null and expires_at > now()")
	}
	later := func(minutes int) {
		for table, column := range map[string]string{"one_time_links": "expires_at", "password_reset_requests": "asked_at"} {
			f.Exec(fmt.Sprintf("update %s set %s = %[2]s - make_interval(mins => %d)", table, column, minutes))
		}
	}
	for range 3 {
		if err := f.forget("ACME", "jdoe", ip4); err != nil {
			t.Fatal(err)
		}
	}
	for minute := 5; minute <= 120; minute += 5 {
		later(5)
		if err := f.forget("ACME", "jdoe", ip6); err != nil || lives() == 0 {
			t.Fatalf("minute %d: %v, %d links live", minute, err, lives())
		}
	}
	// Links that end otherwise leave nobody without one either.
	for range 3 {
		_ = f.forget("ACME", "jdoe", ip4)
	}
	f.Exec("update one_time_links set used_at = now() where used_at is null")
	if err := f.forget("ACME", "jdoe", ip4); err != nil || lives() == 0 {
		t.Errorf("after the links were ended: %v, %d live", err, lives())
	}
}

func TestAnInvitationIsForWhoHasNoPassword(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	ctx := t.Context()
	id, err := f.Create(ctx, NewUser{
		OfficeCode: "ACME", Username: "ivy", Name: "Ivy", Email: "ivy@acme.example", Role: RoleUser, Invite: true,
	}, audit.CommandLine)
	if err != nil {
		t.Fatal(err)
	}
	first := f.post.mails[0].Token
	for _, password := range []string{"", another, "nobody has this password"} {
		if err := f.try("ACME", "ivy", password, "x"); !errors.Is(err, ErrWrong) {
			t.Errorf("without a password %q: %v", password, err)
		}
	}
	if err := f.invite(f.officeID, id); err != nil {
		t.Fatal(err)
	}
	second := f.post.mails[1].Token
	if _, err := f.OpenLink(ctx, first); !errors.Is(err, ErrLink) {
		t.Errorf("the first invitation: %v", err)
	}
	if err := f.UseLink(ctx, second, another, Origin{}); err != nil {
		t.Fatal(err)
	}
	f.Exec("delete from password_failures")
	if err := f.try("ACME", "ivy", another, "x"); err != nil {
		t.Error(err)
	}
	for want, err := range map[error]error{
		ErrHasPassword: f.invite(f.officeID, id),
		ErrUnknown:     f.invite(f.officeID+1, id),
	} {
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	f.Exec("update users set email = '' where username = 'ivy'")
	if err := f.invite(f.officeID, id); !errors.Is(err, ErrNoMail) {
		t.Errorf("without an address: %v", err)
	}
	if _, err := f.Create(ctx, NewUser{OfficeCode: "ACME", Username: "joy", Name: "Joy", Role: RoleUser, Invite: true},
		audit.CommandLine); err == nil || f.count("users where username = 'joy'") != 0 {
		t.Errorf("an invitation to nowhere: %v", err)
	}
}

// invite invites a user, as whoever asks for it does.
func (f *mailFixture) invite(officeID, userID int64) error {
	f.t.Helper()
	return db.InTx(f.t.Context(), f.pool, func(tx pgx.Tx) error {
		return f.ways.Invite(f.t.Context(), tx, userID, "", audit.Event{Office: officeID, Actor: audit.CommandLine})
	})
}

// An invitation lives as long as its office says; a link that its user has just asked for half an hour, whatever it
// sets, and what is counted by that half hour still is.
func TestAnInvitationLivesAsLongAsItsOfficeSays(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	f.Exec("update users set password_hash = '' where username = 'jdoe'")
	lives := func(purpose Purpose, hours int) bool {
		return f.count(fmt.Sprintf(`one_time_links where used_at is null and purpose = '%s'
			and expires_at = created_at + make_interval(hours => %d)`, purpose, hours)) > 0
	}
	if err := f.invite(f.officeID, f.userID); err != nil || !lives(PurposeInvite, 7*24) {
		t.Errorf("as it comes: %v", err)
	}
	for _, days := range []int{1, 30} {
		f.Exec("update offices set invitation_days = $1 where id = $2", days, f.officeID)
		if err := f.invite(f.officeID, f.userID); err != nil || !lives(PurposeInvite, days*24) {
			t.Errorf("%d days: %v", days, err)
		}
		f.Exec("delete from one_time_links")
		f.Exec("delete from password_reset_requests")
		f.link()
		if f.count(`one_time_links where purpose = 'invite' and expires_at = created_at + interval '30 minutes'`) != 1 {
			t.Errorf("%d days: a link that was just asked for lives as an invitation", days)
		}
	}
	f.Exec("delete from one_time_links")
	f.Exec("update users set password_voided_at = now() where username = 'jdoe'")
	if err := f.invite(f.officeID, f.userID); err != nil || lives(PurposeReset, 24) ||
		f.count("one_time_links where used_at is null and expires_at = created_at + interval '30 minutes'") != 1 {
		t.Errorf("a link after a reset: %v", err)
	}
	f.Exec("delete from password_reset_requests")
	before := len(f.post.forgotten)
	for range 4 {
		_ = f.forget("ACME", "jdoe", "192.0.2.8")
	}
	if n := len(f.post.forgotten) - before; n != forgottenOfName {
		t.Errorf("%d of four requests at once count", n)
	}
	f.Exec("update password_reset_requests set asked_at = asked_at - interval '31 minutes'")
	if _ = f.forget("ACME", "jdoe", "192.0.2.8"); len(f.post.forgotten)-before != forgottenOfName+1 {
		t.Error("half an hour later they count still")
	}
}

func TestChangingAPasswordNeedsThePresentOne(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	profile, err := f.Profile(t.Context(), f.officeID, f.userID)
	if err != nil {
		t.Fatal(err)
	}
	link := f.link()
	mine := factory.Session(t, f.pool, f.userID, factory.SessionOpts{}).ID
	for range 2 {
		factory.Session(t, f.pool, f.userID, factory.SessionOpts{})
	}
	change := func(present, password string) error {
		return f.ChangePassword(context.Background(), profile.User, mine, present, password, Origin{Address: "192.0.2.1"})
	}
	var refusal *Refusal
	if err := change("wrong", another); !errors.Is(err, ErrWrong) {
		t.Errorf("a wrong one: %v", err)
	}
	if err := change(right, "short"); !errors.As(err, &refusal) {
		t.Errorf("a short one: %v", err)
	}
	if n := f.count("sessions where ended_at is null"); n != 3 {
		t.Fatalf("%d sessions live after two refusals", n)
	}
	if err := change(right, another); err != nil {
		t.Fatal(err)
	}
	if n := f.count(fmt.Sprintf("sessions where ended_at is null and id = %d", mine)); n != 1 ||
		f.count("sessions where ended_at is null") != 1 {
		t.Error("exactly the own session should live")
	}
	if _, err := f.OpenLink(t.Context(), link); !errors.Is(err, ErrLink) {
		t.Errorf("a link from before: %v", err)
	}
	if err := change(right, another+" once more"); !errors.Is(err, ErrWrong) {
		t.Errorf("with the old one: %v", err)
	}
}

func TestTheLengthOfAPasswordIsKeptOrLearnt(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	long := func(username string) string {
		return f.Text("select coalesce(password_long::text, 'unknown') from users where username = $1", username)
	}
	f.Exec("update offices set two_factor_required = true")
	if _, err := f.Create(t.Context(), NewUser{OfficeCode: "ACME", Username: "sam", Name: "Sam", Role: RoleUser,
		Password: "ninechars"}, audit.CommandLine); err != nil {
		t.Fatal(err)
	}
	if got := long("sam") + " " + long("jdoe"); got != "false true" {
		t.Errorf("kept: %s", got)
	}
	f.Exec("update users set password_long = null") // as an older binary leaves it
	if err := f.try("ACME", "sam", "wrong-password", "x"); !errors.Is(err, ErrWrong) || long("sam") != "unknown" {
		t.Errorf("a wrong password teaches nothing: %v, %s", err, long("sam"))
	}
	for username, password := range map[string]string{"sam": "ninechars", "jdoe": right} {
		if err := f.try("ACME", username, password, "x"); err != nil {
			t.Error(err)
		}
	}
	if got := long("sam") + " " + long("jdoe"); got != "false true" {
		t.Errorf("learnt: %s", got)
	}
}

// Whoever holds a link that is over gets another, to the address in the settings: the first password for who was
// invited, another one else. A link that never was does the same, and nothing comes of it.
func TestALinkThatIsOverBringsAnother(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	again := func(token Token) []Mail {
		t.Helper()
		mails, jobs := len(f.post.mails), len(f.post.forgotten)
		if err := f.ForgotLink(t.Context(), token, Origin{Address: "192.0.2.9", Language: "en"}); err != nil {
			t.Fatal(err)
		}
		if len(f.post.forgotten) != jobs+1 {
			t.Errorf("%d jobs, for any link one", len(f.post.forgotten)-jobs)
		}
		for _, id := range f.post.forgotten[jobs:] {
			if err := f.AnswerForgotten(t.Context(), id, func(context.Context, pgx.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		return f.post.mails[mails:]
	}
	f.Exec("update users set password_hash = '' where username = 'jdoe'")
	token := f.link()
	f.Exec("update one_time_links set expires_at = now()")
	got := again(token)
	if len(got) != 1 || got[0].Kind != string(PurposeInvite) || got[0].UserID != f.userID {
		t.Fatalf("who was invited gets %+v", got)
	}
	if link, err := f.OpenLink(t.Context(), got[0].Token); err != nil || link.Purpose != PurposeInvite {
		t.Errorf("%+v, %v", link, err)
	}
	if err := f.UseLink(t.Context(), got[0].Token, another, Origin{Address: "192.0.2.9"}); err != nil {
		t.Fatal(err)
	}
	f.Exec("delete from password_reset_requests")
	if got := again(token); len(got) != 1 || got[0].Kind != string(PurposeReset) {
		t.Errorf("who has a password gets %+v", got)
	}
	for _, never := range []Token{"", "x", newLinkToken()} {
		if got := again(never); len(got) != 0 {
			t.Errorf("a link that never was brings %+v", got)
		}
	}
}

// A link whose answer was lost, or whose form was sent twice, says once more that the password is set: to the same
// password from the same browser, for a minute.
func TestALinkUsedTwiceAtOnceIsUsedOnceAndSaysSo(t *testing.T) {
	t.Parallel()
	f := newMailFixture(t)
	mine := Origin{Address: "192.0.2.1", Browser: []byte("mine")}
	use := func(token Token, password string, from Origin) error {
		return f.UseLink(t.Context(), token, password, from)
	}
	token := f.link()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := use(token, another, mine); err != nil {
				t.Errorf("one of four at once: %v", err)
			}
		})
	}
	wg.Wait()
	if n := f.Int("select password_version from users where id = $1", f.userID); n != 2 {
		t.Errorf("the password was set %d times", n-1)
	}
	for what, err := range map[string]error{
		"another password":    use(token, another+"!", mine),
		"another browser":     use(token, another, Origin{Address: "192.0.2.1", Browser: []byte("yours")}),
		"no browser's cookie": use(token, another, Origin{Address: "192.0.2.1"}),
	} {
		if !errors.Is(err, ErrLink) {
			t.Errorf("%s: %v", what, err)
		}
	}
	composed := f.link()
	for range 2 { // as some keyboards type it: what is set is what is seen
		if err := use(composed, "kettle umbre\u0301lla seventeen", mine); err != nil {
			t.Errorf("a letter and its accent: %v", err)
		}
	}
	f.Exec("update one_time_links set used_at = now() - used_link_life() - interval '1 second'")
	if err := use(token, another, mine); !errors.Is(err, ErrLink) {
		t.Errorf("later: %v", err)
	}
}
