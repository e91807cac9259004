package office_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/fault"
)

func TestHowLongInvitationsLiveIsSetByASuperuser(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, boss := t.Context(), f.in("boss", 0)
	if err := f.SetInvitationDays(ctx, f.in("ann", 0), client, 3); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an accountant: %v", err)
	}
	if err := f.SetInvitationDays(ctx, f.in("boss", time.Hour), client, 3); !errors.Is(err, fault.StepUpRequired) {
		t.Errorf("without a step-up: %v", err)
	}
	if r, err := f.Rollout(ctx, f.acme); err != nil || r.InvitationDays != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	for days, want := range map[int]bool{0: false, -1: false, 31: false, 30: true} {
		if err := f.SetInvitationDays(ctx, boss, client, days); (err == nil) != want {
			t.Errorf("%d days: %v", days, err)
		}
	}
	_ = f.SetInvitationDays(ctx, boss, client, 30)
	if r, err := f.Rollout(ctx, f.acme); err != nil || r.InvitationDays != 30 || f.audited("invitations_set") != 1 {
		t.Errorf("%+v, %v, %d events", r, err, f.audited("invitations_set"))
	}
}
