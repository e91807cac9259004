package twofactor_test

import (
	"errors"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

func TestAnOperatorHasACodeSentAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	sess := f.begin(u)
	old := f.code(sess)
	first := int64(f.Int("select id from challenges"))
	if err := f.factors.ResendNew(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from challenges where ended_at is null"); n != 1 {
		t.Errorf("%d challenges live", n)
	}
	if f.code(sess) == old {
		t.Error("it is the same code")
	}
	is(t, f.factors.ResendNew(t.Context(), first), twofactor.ErrOver)
	if err := f.verify(sess, f.code(sess)); err != nil {
		t.Errorf("the new code: %v", err)
	}
	last := int64(f.Int("select max(id) from challenges"))
	f.Exec("update sessions set ended_at = now()")
	is(t, f.factors.ResendNew(t.Context(), last), twofactor.ErrOver)
}

func TestNothingIsSentAnewToWhoMustWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	f.begin(u)
	id := int64(f.Int("select id from challenges"))
	f.Exec("insert into factor_failures (user_id, in_a_row, wait_until) values ($1, 10, now() + interval '15 minutes')",
		u.ID)
	var wait *twofactor.Wait
	if err := f.factors.ResendNew(t.Context(), id); !errors.As(err, &wait) {
		t.Errorf("the answer is %v", err)
	}
}
