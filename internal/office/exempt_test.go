package office_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/office"
)

// A superuser spares who cannot, for a reason and a while; nobody else does, and nobody else's superuser ends it.
func TestASuperuserExemptsForAReasonAndAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var post postbox
	f.Service = f.serve(&post, "vonage")
	vice := factory.User(t, f.pool, f.acme, factory.UserOpts{Username: "vice", Role: "superuser"}).ID
	f.Exec("update offices set two_factor_required = true")
	ctx, boss := t.Context(), f.in("boss", 0, "sms")
	demanded := func(name string) bool {
		return f.Text("select second_factor_demanded($1::bigint, $2::bigint, now())::text", f.acme,
			f.user(f.acme, name)) == "true"
	}
	for _, row := range []struct {
		name, username, reason string
		days                   int
		want                   error
	}{
		{"nobody", "nobody", "no phone", 7, account.ErrUnknown},
		{"a superuser", "vice", "no phone", 7, office.ErrSuperuser},
		{"oneself", "boss", "no phone", 7, office.ErrSuperuser},
		{"no reason", "otto", " ", 7, office.ErrNoReason},
		{"a long reason", "otto", strings.Repeat("é", 201), 7, office.ErrNoReason},
		{"no days", "otto", "no phone", 0, fault.Invalid},
		{"too many days", "otto", "no phone", 91, fault.Invalid},
	} {
		if err := f.Exempt(ctx, boss, client, row.username, row.reason, row.days); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
	for name, sess := range map[string]struct {
		err  error
		want error
	}{
		"an accountant": {f.Exempt(ctx, f.in("ann", 0, "sms"), client, "otto", "no phone", 7), fault.Forbidden},
		"an old proof":  {f.Exempt(ctx, f.in("boss", time.Hour, "sms"), client, "otto", "no phone", 7), fault.StepUpRequired},
	} {
		if !errors.Is(sess.err, sess.want) {
			t.Errorf("%s: %v, want %v", name, sess.err, sess.want)
		}
	}
	if n := f.Int("select count(*) from exemptions"); n != 0 || len(post.mails) != 0 || !demanded("otto") {
		t.Fatalf("what is refused left %d exemptions and %d mails", n, len(post.mails))
	}
	for _, days := range []int{7, 90} { // the second takes the place of the first
		if err := f.Exempt(ctx, boss, client, "OTTO", "no phone", days); err != nil {
			t.Fatal(err)
		}
	}
	all, err := f.Exemptions(ctx, f.acme)
	if err != nil || len(all) != 1 || all[0].Username != "otto" || all[0].Reason != "no phone" || demanded("otto") {
		t.Fatalf("%+v, %v; demanded: %t", all, err, demanded("otto"))
	}
	if len(post.mails) != 2 || post.mails[0].UserID != vice || post.mails[1].UserID != vice {
		t.Errorf("told: %+v, want %d twice", post.mails, vice)
	}
	theirs := f.ID(`insert into exemptions (user_id, reason, until) values ($1, 'no phone', now() + interval '1 day')
		returning id`, f.user(f.other, "otto"))
	if err := f.EndExemption(ctx, boss, client, theirs); !errors.Is(err, fault.NotFound) {
		t.Errorf("another office's: %v", err)
	}
	if err := f.EndExemption(ctx, boss, client, all[0].ID); err != nil || !demanded("otto") {
		t.Errorf("ended: %v, demanded: %t", err, demanded("otto"))
	}
	if n := f.Int("select count(*) from audit_events where action in ('user_exempted', 'exemption_ended')"); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
}
