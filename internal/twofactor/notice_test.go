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
)

// postbox is a mailer that keeps what it is given, or refuses.
type postbox struct {
	mails []account.Mail
	err   error
}

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

func mailed(t *testing.T) (*world, *postbox) {
	w, post := newWorld(t), &postbox{}
	w.factors = w.factors.WithMail(post)
	return w, post
}

// Each change of a factor is told by mail, the first enrolment too: whoever did it had the password.
func TestEveryChangeOfAFactorIsToldByMail(t *testing.T) {
	t.Parallel()
	w, post := mailed(t)
	office := w.office("ACME", required)

	// An app at the log-in, one of its recovery codes, and its removal beside a number.
	u := w.user(office, account.RoleUser)
	sess := w.begin(u)
	enrolment, err := w.factors.BeginEnrolment(t.Context(), sess, factor.App)
	if err != nil {
		t.Fatal(err)
	}
	proven, err := w.factors.ConfirmEnrolment(t.Context(), sess, browser, factor.App, w.step(enrolment.Secret, 0))
	if err != nil {
		t.Fatal(err)
	}
	codes, err := w.factors.RecoverySheet(t.Context(), w.load(proven.Token))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.verifyRecovery(w.begin(u), codes[0]); err != nil {
		t.Fatal(err)
	}
	w.confirmed(u, numberA)
	if err := w.factors.Remove(t.Context(), w.signedIn(u, 0), browser, factor.App); err != nil {
		t.Fatal(err)
	}
	if got := post.kinds(u); !slices.Equal(got, []string{"app_added", "recovery_used", "app_removed"}) {
		t.Errorf("the app: %v", got)
	}

	// A number at the log-in, and another one later.
	n := w.user(office, account.RoleUser)
	sess = w.begin(n)
	if err := w.factors.SendTo(t.Context(), sess, numberB, "en"); err != nil {
		t.Fatal(err)
	}
	if err := w.verify(sess, w.code(sess)); err != nil {
		t.Fatal(err)
	}
	w.exec("update offices set created_at = created_at; delete from challenges")
	sess = w.signedIn(n, 0)
	if err := w.factors.SendTo(t.Context(), sess, numberA, "en"); err != nil {
		t.Fatal(err)
	}
	if err := w.verify(sess, w.code(sess)); err != nil {
		t.Fatal(err)
	}
	if got := post.kinds(n); !slices.Equal(got, []string{"number_added", "number_changed"}) {
		t.Errorf("the number: %v", got)
	}

	// The right password and five wrong codes; then a superuser's reset, which tells nothing of the superuser's browser.
	v := w.confirmed(w.user(office, account.RoleUser), numberB)
	sess = w.begin(v)
	code := w.code(sess)
	for range 5 {
		_ = w.verify(sess, not(code))
	}
	boss := w.confirmed(w.user(office, account.RoleSuperuser), numberA)
	if err := w.factors.Reset(t.Context(), w.signedIn(boss, 0), session.Client{Address: "192.0.2.99", UserAgent: "the boss's", Language: "nl"}, v.ID); err != nil {
		t.Fatal(err)
	}
	if got := post.kinds(v); !slices.Equal(got, []string{"guessed", "factor_reset"}) {
		t.Errorf("the guess and the reset: %v", got)
	}
	if last := post.mails[len(post.mails)-1]; last.From.Address != "" || last.From.UserAgent != "" || last.Language != "nl" {
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
	w, post := mailed(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
	w.app(u)
	post.err = errors.New("the queue is closed")
	if err := w.factors.Remove(t.Context(), w.signedIn(u, 0), browser, factor.App); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("%v", err)
	}
	if w.number("select count(*) from authenticators") != 1 || w.number("select count(*) from notices") != 0 {
		t.Error("half of it was done")
	}
}
