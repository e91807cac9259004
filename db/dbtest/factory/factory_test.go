package factory_test

import (
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/audit"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestTheDefaultsMakeAWholeInstallation(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	office := factory.Office(t, pool, factory.OfficeOpts{})
	user := factory.User(t, pool, office.ID, factory.UserOpts{})
	second := factory.User(t, pool, office.ID, factory.UserOpts{PasswordHash: factory.NoPassword, Disabled: true})
	operator := factory.Operator(t, pool, "ops")
	if user.Username != "user1" || second.Username != "user2" || second.PasswordHash != "" || second.DisabledAt == nil {
		t.Errorf("the users are %+v and %+v", user, second)
	}
	if operator.OfficeID != nil || operator.Role != "operator" {
		t.Errorf("the operator is %+v", operator)
	}
	factory.Number(t, pool, user.ID, factory.NumberOpts{})
	factory.Number(t, pool, second.ID, factory.NumberOpts{Unconfirmed: true, RegisteredBy: user.ID})
	factory.Authenticator(t, pool, user.ID, nil)
	factory.RecoveryCode(t, pool, user.ID, "mac")
	factory.KnownBrowser(t, pool, user.ID, "browser")
	full := factory.Session(t, pool, user.ID, factory.SessionOpts{Factors: []string{"sms"}, ProvenAge: time.Hour})
	if full.Level != 2 || full.SecondFactorAt == nil || full.CreatedAt.Sub(*full.SecondFactorAt) != time.Hour {
		t.Errorf("the session is %+v", full)
	}
	session := factory.Session(t, pool, user.ID, factory.SessionOpts{Age: 10 * time.Minute, Ended: true})
	old := factory.Challenge(t, pool, session.ID, factory.ChallengeOpts{Age: 9 * time.Minute, Outcome: "expired"})
	live := factory.Challenge(t, pool, session.ID, factory.ChallengeOpts{Age: time.Minute})
	if old.CodeCt != nil || live.EndedAt != nil || live.ExpiresAt.Sub(live.CreatedAt) != 5*time.Minute {
		t.Errorf("the challenges are %+v and %+v", old, live)
	}
	message := factory.Message(t, pool, live.ID, factory.MessageOpts{State: "delivered", Age: time.Minute})
	if !message.Final || message.AcceptedAt == nil {
		t.Errorf("the message is %+v", message)
	}
	factory.Send(t, pool, message.ID, factory.SendOpts{Age: time.Minute})
	factory.Receipt(t, pool, message.ID, factory.ReceiptOpts{})
	event := factory.AuditEvent(t, pool, 24*time.Hour, audit.Event{Office: office.ID, Action: audit.SignedIn})
	if event.ActorID != nil || *event.OfficeID != office.ID || d.Text("select action from audit_events") != "signed_in" {
		t.Errorf("the event is %+v", event)
	}
}
