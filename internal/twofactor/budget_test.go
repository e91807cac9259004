package twofactor_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// budgetFixture has an owner, whose number is proven and whose browser is known, and everybody else.
type budgetFixture struct {
	*fixture
	acme, other int64
	owner       account.User
	crowd       int
}

func newBudgetFixture(t *testing.T) *budgetFixture {
	t.Helper()
	f := &budgetFixture{fixture: newFixture(t)}
	f.acme, f.other = f.office("ACME", required), f.office("OTHER", required)
	f.owner = f.confirmed(f.user(f.acme, account.RoleUser), numberA)
	f.know(f.owner)
	return f
}

// know makes the browser one that is known for the user's.
func (f *budgetFixture) know(u account.User) {
	f.Exec("insert into known_browsers (user_id, browser_hash) values ($1, $2)", u.ID, browser.Browser)
}

// arrive has whatever is under way arrive, and nobody enter it: a moment later there is room for the next message.
func (f *budgetFixture) arrive() {
	f.Exec("update messages set state = 'accepted', final = true, accepted_at = queued_at")
	f.Exec(`update challenges set created_at = created_at - interval '5 minutes', expires_at = now(), ended_at = now(),
		outcome = 'expired', code_ct = null where ended_at is null`)
	f.Exec("update challenges set expires_at = least(expires_at, now())")
}

// neighbour returns another number of the owner's range of 100 000.
func (f *budgetFixture) neighbour() phone.Number {
	f.crowd++
	return phone.Number{E164: fmt.Sprintf("+316123%05d", f.crowd), Country: "NL"}
}

// untilRefused does something over and over, each time with a pause in which what was sent arrives, until a limit
// stops it.
func (f *budgetFixture) untilRefused(do func() error) {
	f.t.Helper()
	for range 160 {
		err := do()
		f.arrive()
		var limited *twofactor.Limited
		if errors.As(err, &limited) {
			return
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	f.t.Fatal("nothing stops it")
}

// asksIn has a user begin a log-in and, where that sends nothing, ask for a code.
func (f *budgetFixture) asksIn(u account.User, client session.Client) error {
	before := f.messages(u)
	sess := f.beginIn(u, client)
	if f.messages(u) > before {
		return nil
	}
	return f.factors.SendOnFile(f.t.Context(), sess, "en")
}

// afterFirst begins a log-in of the owner elsewhere and asks for more, as soon as that may be.
func (f *budgetFixture) afterFirst(ask func(sess session.Session, challenge int64) error) error {
	sess := f.beginIn(f.owner, elsewhere)
	id := f.Int("select coalesce(max(id), 0) from challenges where session_id = $1", sess.ID)
	if id == 0 {
		return f.factors.SendOnFile(f.t.Context(), sess, "en")
	}
	f.Exec("update challenges set asked_at = now() - interval '121 seconds' where id = $1", id)
	return ask(sess, int64(id))
}

// acts are what somebody may do to spend messages, until they are refused.
var acts = map[string]func(f *budgetFixture, office int64){
	"the holder of the password logs in": func(f *budgetFixture, _ int64) {
		f.untilRefused(func() error { return f.asksIn(f.owner, elsewhere) })
	},
	"the holder has the code sent again": func(f *budgetFixture, _ int64) {
		f.untilRefused(func() error {
			return f.afterFirst(func(sess session.Session, _ int64) error { return f.resend(sess) })
		})
	},
	"the holder is called": func(f *budgetFixture, _ int64) {
		f.untilRefused(func() error {
			return f.afterFirst(func(sess session.Session, _ int64) error {
				return f.factors.Resend(f.t.Context(), sess, "en", phone.ByCall)
			})
		})
	},
	"an operator sends the holder a code anew": func(f *budgetFixture, _ int64) {
		f.untilRefused(func() error {
			return f.afterFirst(func(_ session.Session, id int64) error { return f.factors.ResendNew(f.t.Context(), id) })
		})
	},
	"a user of the same phone logs in": func(f *budgetFixture, office int64) {
		u := f.confirmed(f.user(office, account.RoleUser), numberA)
		f.untilRefused(func() error { return f.asksIn(u, browser) })
	},
	"a user enters one code after another": func(f *budgetFixture, office int64) {
		u := f.confirmed(f.user(office, account.RoleUser), numberB)
		f.untilRefused(func() error {
			sess := f.beginIn(u, browser)
			if err := f.factors.SendOnFile(f.t.Context(), sess, "en"); err != nil {
				return err
			}
			return f.verify(sess, f.code(sess))
		})
	},
	"a user changes to the owner's number": func(f *budgetFixture, office int64) {
		u := f.confirmed(f.user(office, account.RoleUser), numberB)
		f.untilRefused(func() error {
			return f.factors.SendTo(f.t.Context(), f.signedIn(u, 0), numberA, "en")
		})
	},
	"users enrol with the owner's number": func(f *budgetFixture, office int64) {
		f.untilRefused(func() error { return f.enrols(f.user(office, account.RoleUser), numberA) })
	},
	"users enrol with numbers of the owner's range": func(f *budgetFixture, office int64) {
		f.untilRefused(func() error { return f.enrols(f.user(office, account.RoleUser), f.neighbour()) })
	},
	"users of neighbouring numbers log in": func(f *budgetFixture, office int64) {
		var u account.User
		for range 8 {
			u = f.confirmed(f.user(office, account.RoleUser), f.neighbour())
			f.untilRefused(func() error { return f.asksIn(u, elsewhere) })
		}
	},
}

// Whatever others do until they are refused, in the owner's office or another, and whatever the holder of the password
// does in a browser of their own: the owner's code is sent in a known browser, and in a new one after a new password
// and after a reset.
func TestNobodyUsesUpWhatTheOwnerNeeds(t *testing.T) {
	t.Parallel()
	for what, act := range acts {
		for _, theirs := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, the owner's office %v", what, theirs), func(t *testing.T) {
				t.Parallel()
				f := newBudgetFixture(t)
				office := f.other
				if theirs {
					office = f.acme
				}
				act(f, office)
				if err := f.asksIn(f.owner, browser); err != nil {
					t.Errorf("in a known browser: %v", err)
				}
				f.arrive()
				f.afterwards(act, office)
			})
		}
	}
}

// afterwards does the act once more before each remedy, and asks in a browser that nobody knows.
func (f *budgetFixture) afterwards(act func(*budgetFixture, int64), office int64) {
	f.t.Helper()
	fresh := session.Client{Address: "203.0.113.9", UserAgent: "test", Browser: []byte("a new browser's hash")}
	f.Exec("update users set password_hash = 'another' where id = $1", f.owner.ID)
	f.owner.PasswordVersion = int64(f.Int("select password_version from users where id = $1", f.owner.ID))
	if err := f.asksIn(f.owner, fresh); err != nil {
		f.t.Errorf("in a new browser after a new password: %v", err)
	}
	f.arrive()
	act(f, office)
	reset, err := f.factors.ForceReset(f.t.Context(), f.acme, f.owner.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	f.owner.PasswordVersion = int64(f.Int("select password_version from users where id = $1", f.owner.ID))
	back := f.beginIn(f.owner, fresh)
	if err := f.factors.GiveWord(f.t.Context(), back, fresh, reset.Word); err != nil {
		f.t.Errorf("the word after a reset: %v", err)
	}
	if err := f.factors.SendTo(f.t.Context(), back, numberA, "en"); err != nil {
		f.t.Errorf("in a new browser after a reset: %v", err)
	}
}

// What the owner did not enter in known browsers is given back by a new password, but not for ever: there is a most of
// a day, whatever was given back.
func TestTheOwnersOwnShareComesBackWithANewPassword(t *testing.T) {
	t.Parallel()
	f := newBudgetFixture(t)
	given := 0
	for range 12 {
		f.untilRefused(func() error { return f.asksIn(f.owner, browser) })
		f.Exec("update messages set queued_at = queued_at - interval '2 hours'")
		f.untilRefused(func() error { return f.asksIn(f.owner, browser) })
		f.Exec("update users set password_hash = password_hash || 'x' where id = $1", f.owner.ID)
		f.owner.PasswordVersion++
		if f.messages(f.owner) > given {
			given = f.messages(f.owner)
		}
	}
	if given != 100 {
		t.Errorf("%d messages went out in a day, however often the password was changed; want 100", given)
	}
	limited(t, f.asksIn(f.owner, browser), twofactor.LimitUserAll)
}

// A share is told to operators: who was refused in a known browser, and who in another.
func TestTheHistorySaysWhoseShareWasUsedUp(t *testing.T) {
	t.Parallel()
	f := newBudgetFixture(t)
	f.untilRefused(func() error { return f.asksIn(f.owner, elsewhere) })
	f.untilRefused(func() error { return f.asksIn(f.owner, browser) })
	if got := f.Text("select string_agg(distinct detail, ' ' order by detail) from audit_events where action = $1",
		"code_not_sent"); got != "user_hour user_hour_known" {
		t.Errorf("the history says %q", got)
	}
}

// Whoever asks again and again after a limit has stopped their codes writes one line a minute, not one each time.
func TestALimitIsWrittenOnceAMinute(t *testing.T) {
	t.Parallel()
	f := newBudgetFixture(t)
	f.untilRefused(func() error { return f.asksIn(f.owner, elsewhere) })
	before := f.audited(audit.CodeNotSent)
	sess := f.beginIn(f.owner, elsewhere)
	for range 20 {
		limited(t, f.factors.SendOnFile(t.Context(), sess, "en"), twofactor.LimitUserHour)
	}
	if n := f.audited(audit.CodeNotSent) - before; n != 1 {
		t.Errorf("twenty forms in one log-in wrote %d lines", n)
	}
	f.Exec("update sessions set limits_told_at = limits_told_at - interval '1 minute 1 second'")
	limited(t, f.factors.SendOnFile(t.Context(), sess, "en"), twofactor.LimitUserHour)
	if n := f.audited(audit.CodeNotSent) - before; n != 2 {
		t.Errorf("a minute later there are %d lines", n)
	}
}

// Where no second factor was demanded, whoever had the password had all. What they asked for then is not of the share
// of known browsers once it is.
func TestWhatThePasswordAloneAskedForIsNotOfAKnownBrowser(t *testing.T) {
	t.Parallel()
	f := newBudgetFixture(t)
	f.Exec("update offices set two_factor_required = false")
	token, _, err := f.factors.Begin(t.Context(), f.owner, "en", elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	f.untilRefused(func() error { return f.factors.SendOnFile(t.Context(), f.load(token), "en") })
	f.Exec("update offices set two_factor_required = true")
	if err := f.asksIn(f.owner, browser); err != nil {
		t.Errorf("in a known browser: %v", err)
	}
}

// A code in settings is of the session's share too.
func TestAStepUpCountsLikeALogIn(t *testing.T) {
	t.Parallel()
	f := newBudgetFixture(t)
	f.untilRefused(func() error { return f.asksIn(f.owner, elsewhere) })
	sess := f.signedIn(f.owner, 0)
	if err := f.factors.SendOnFile(t.Context(), sess, "en"); err != nil {
		t.Errorf("in a session of two factors: %v", err)
	}
	if n := f.Int("select count(*) from challenges where purpose = $1 and known_browser and proven",
		factor.PurposeStepUp); n != 1 {
		t.Error("it does not count to the share of known browsers")
	}
}
