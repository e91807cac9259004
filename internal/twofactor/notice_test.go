package twofactor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// postbox is a Post that keeps what it is given, or refuses.
type postbox struct {
	mails []account.Mail
	err   error
}

func (*postbox) CanMail() bool { return true }

func (p *postbox) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	if p.err == nil {
		p.mails = append(p.mails, m)
	}
	return p.err
}

func (p *postbox) kinds(u account.User) (kinds []string) {
	for _, m := range p.mails {
		if m.UserID == u.ID {
			kinds = append(kinds, m.Kind)
		}
	}
	return kinds
}

func mailed(t *testing.T) (*fixture, *postbox) {
	f, post := newFixture(t), &postbox{}
	f.serve(post)
	return f, post
}

// Each change of a factor is told by mail, the first enrolment too: whoever did it had the password.
func TestEveryChangeOfAFactorIsToldByMail(t *testing.T) {
	t.Parallel()
	f, post := mailed(t)
	office := f.office("ACME", required)

	// An app at the log-in, one of its recovery codes, and its removal beside a number.
	u := f.user(office, account.RoleUser)
	sess := f.begin(u)
	enrolment, err := f.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	proven, err := f.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, f.step(enrolment.Secret, 0))
	if err != nil {
		t.Fatal(err)
	}
	codes, err := f.factors.RecoverySheet(t.Context(), f.load(proven.Token))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.verifyRecovery(f.begin(u), codes[0]); err != nil {
		t.Fatal(err)
	}
	f.confirmed(u, numberA)
	if err := f.factors.Remove(t.Context(), f.signedIn(u, 0), browser, factor.App); err != nil {
		t.Fatal(err)
	}
	if got := post.kinds(u); !slices.Equal(got, []string{"app_added", "recovery_used", "app_removed"}) {
		t.Errorf("the app: %v", got)
	}

	// A number at the log-in, and another one later.
	n := f.user(office, account.RoleUser)
	sess = f.begin(n)
	if err := f.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	if err := f.verify(sess, f.code(sess)); err != nil {
		t.Fatal(err)
	}
	f.Exec("update offices set created_at = created_at; delete from challenges")
	sess = f.signedIn(n, 0)
	if err := f.factors.SendTo(t.Context(), sess, numberA, "en"); err != nil {
		t.Fatal(err)
	}
	if err := f.verify(sess, f.code(sess)); err != nil {
		t.Fatal(err)
	}
	if got := post.kinds(n); !slices.Equal(got, []string{"number_added", "number_changed"}) {
		t.Errorf("the number: %v", got)
	}

	// The right password and five wrong codes; then a superuser's reset, which tells nothing of the superuser's browser.
	v := f.confirmed(f.user(office, account.RoleUser), numberB)
	sess = f.begin(v)
	code := f.code(sess)
	for range 5 {
		_ = f.verify(sess, not(code))
	}
	boss := f.confirmed(f.user(office, account.RoleSuperuser), numberA)
	if _, err := f.factors.Reset(t.Context(), f.signedIn(boss, 0),
		session.Client{Address: "192.0.2.99", UserAgent: "the boss's", Language: "nl"}, v.ID); err != nil {
		t.Fatal(err)
	}
	if got := post.kinds(v); !slices.Equal(got, []string{"guessed", "factor_reset"}) {
		t.Errorf("the guess and the reset: %v", got)
	}
	if last := post.mails[len(post.mails)-1]; last.From.Address != "" || last.From.UserAgent != "" ||
		last.Language != "nl" {
		t.Errorf("the mail of the reset knows %+v", last)
	}
	for _, m := range post.mails {
		if m.Token != "" || m.LinkID != 0 {
			t.Errorf("the notice %s brings a link", m.Kind)
		}
	}
}

func TestWhatCannotBeToldIsNotDone(t *testing.T) {
	t.Parallel()
	f, post := mailed(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	f.app(u)
	post.err = errors.New("the queue is closed")
	if err := f.factors.Remove(t.Context(), f.signedIn(u, 0), browser, factor.App); err == nil ||
		!strings.Contains(err.Error(), "closed") {
		t.Errorf("%v", err)
	}
	if f.Int("select count(*) from authenticators") != 1 || f.Int("select count(*) from notices") != 0 {
		t.Error("half of it was done")
	}
}

// Whoever guesses second factors leaves notices; they hide no other that the user has not read.
func TestManyNoticesOfOneKindHideNoOther(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	f.Exec(`insert into notices (user_id, kind)
		select $1, case when i = 1 then 'number_changed' else 'guessed' end from generate_series(1, 30) i`, u.ID)
	told, err := f.factors.Notices(t.Context(), u.ID)
	if err != nil || len(told) != 2 || told[0].Kind != twofactor.NoticeGuessed || told[1].Kind != "number_changed" {
		t.Fatalf("%+v, %v", told, err)
	}
	if err := f.factors.SeeNotices(t.Context(), u.ID, told[0].ID); err != nil {
		t.Fatal(err)
	}
	if told, err := f.factors.Notices(t.Context(), u.ID); err != nil || len(told) != 0 {
		t.Errorf("%+v, %v", told, err)
	}
}
