package users_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/users"
)

// letters is a Post that keeps what it is given, and breaks at a user.
type letters struct {
	mails []account.Mail
	at    int64
}

func (*letters) CanMail() bool { return true }

func (l *letters) Mail(_ context.Context, _ pgx.Tx, m account.Mail) error {
	if m.UserID == l.at {
		return errors.New("the queue is full")
	}
	l.mails = append(l.mails, m)
	return nil
}

func TestManyAreInvitedAgainWhoMayBe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	post := &letters{}
	f.serve(post)
	boss := f.in("boss")
	client := client
	client.Language = "nl"
	var ids []int64
	for i := range 6 {
		id, err := f.people.Add(t.Context(), boss, client, fmt.Sprintf("new%d", i), users.Fields{
			Name: "New", Email: "new@example.org", Role: account.RoleUser,
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	f.Exec("update users set email = '' where username = 'new3'")
	f.Exec("update users set disabled_at = now() where username = 'new4'")
	f.Exec("update users set password_voided_at = now() where username = 'new5'")
	f.Exec("update users set password_hash = '' where office_id = $1 and username = 'otto'", f.other)
	asked := append(slices.Clone(ids), f.id(f.office, "ann"), f.id(f.other, "otto"), 1<<40, ids[0])
	n, err := f.people.InviteAgain(t.Context(), boss, client, asked)
	if err != nil || n != 4 || len(post.mails) != 4 {
		t.Fatalf("%d were invited by %d mails, %v", n, len(post.mails), err)
	}
	for i, m := range post.mails {
		want := account.Mail{UserID: ids[i], Kind: "invite", Language: "nl", By: boss.User.ID}
		if i == 3 {
			want.UserID, want.Kind = ids[5], account.Restart
		}
		if m.UserID != want.UserID || m.Kind != want.Kind || m.Language != want.Language || m.By != want.By {
			t.Errorf("%+v, want %+v", m, want)
		}
	}
	if f.audited(audit.Invited) != 4 {
		t.Errorf("%d events", f.audited(audit.Invited))
	}
	if f.Int("select count(*) from audit_events where action = 'invited' and actor = 'boss' and address = $1",
		client.Address) != 4 {
		t.Error("the events do not say by whom and from where")
	}
	// A second click, or another superuser's, makes no link of the first worthless.
	if n, err := f.people.InviteAgain(t.Context(), f.in("vice"), client, asked); err != nil || n != 0 ||
		len(post.mails) != 4 || f.Int("select count(*) from one_time_links where used_at is null") != 4 {
		t.Errorf("at once again: %d, %v", n, err)
	}
	f.Exec("update one_time_links set created_at = created_at - interval '2 minutes'")
	if n, err := f.people.InviteAgain(t.Context(), boss, client, asked); err != nil || n != 4 ||
		f.Int("select count(*) from one_time_links where used_at is null") != 4 {
		t.Errorf("later again: %d, %v", n, err)
	}
}

func TestOfManyInvitationsAllAreSentOrNone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set password_hash = '' where username in ('ann', 'otto')")
	post := &letters{at: f.id(f.office, "otto")}
	f.serve(post)
	ids := []int64{f.id(f.office, "ann"), f.id(f.office, "otto")}
	if n, err := f.people.InviteAgain(t.Context(), f.in("boss"), client, ids); err == nil || n != 0 ||
		f.Int("select count(*) from one_time_links") != 0 || f.audited(audit.Invited) != 0 {
		t.Errorf("%d are invited of a transaction that failed: %v", n, err)
	}
}
