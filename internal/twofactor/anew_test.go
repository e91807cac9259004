package twofactor_test

import (
	"errors"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestAnOperatorHasACodeSentAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
	sess := w.begin(u)
	old := w.code(sess)
	first := int64(w.number("select id from challenges"))
	if err := w.factors.ResendNew(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if n := w.number("select count(*) from challenges where ended_at is null"); n != 1 {
		t.Errorf("%d challenges live", n)
	}
	if w.code(sess) == old {
		t.Error("it is the same code")
	}
	is(t, w.factors.ResendNew(t.Context(), first), twofactor.ErrOver)
	if err := w.verify(sess, w.code(sess)); err != nil {
		t.Errorf("the new code: %v", err)
	}
	last := int64(w.number("select max(id) from challenges"))
	w.exec("update sessions set ended_at = now()")
	is(t, w.factors.ResendNew(t.Context(), last), twofactor.ErrOver)
}

func TestNothingIsSentAnewToWhoMustWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
	w.begin(u)
	id := int64(w.number("select id from challenges"))
	w.exec("insert into factor_failures (user_id, in_a_row, wait_until) values ($1, 10, now() + interval '15 minutes')", u.ID)
	var wait *twofactor.Wait
	if err := w.factors.ResendNew(t.Context(), id); !errors.As(err, &wait) {
		t.Errorf("the answer is %v", err)
	}
}
