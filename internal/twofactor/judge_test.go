package twofactor_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// A proof is asked for in one state of the world and consumed in another: over every purpose, state and demand, a right
// code does what the table allows at the moment when it is entered, and changes nothing where it does not.
func TestAProofDoesWhatItMayAtTheMomentItIsConsumed(t *testing.T) {
	t.Parallel()
	f, made := newFixture(t), 0
	for _, purpose := range []factor.Purpose{
		factor.PurposeSignIn, factor.PurposeEnrol, factor.PurposeChange, factor.PurposeStepUp,
	} {
		for _, demanded := range []bool{true, false} {
			for _, level := range []int{1, 2} {
				for _, has := range []bool{true, false} {
					for _, fresh := range []bool{true, false} {
						for _, word := range []string{"none", "owed", "given"} {
							c := proofCase{purpose, demanded, level, has, fresh, word}
							made++
							code := fmt.Sprintf("O%d", made)
							t.Run(c.String(), func(t *testing.T) { c.run(t, f, f.office(code, required)) })
						}
					}
				}
			}
		}
	}
}

// proofCase is a cell of the table: the purpose of a challenge, and the world when its code is entered.
type proofCase struct {
	purpose  factor.Purpose
	demanded bool   // of the user, by then
	level    int    // of the session
	has      bool   // the user has a factor: the number that the code went to or, where that is new, an app
	fresh    bool   // the proof of the session is of the last ten minutes
	word     string // of a reset: none, owed, or given in this session
}

func (c proofCase) String() string {
	return fmt.Sprintf("%s, demanded %v, level %d, factor %v, fresh %v, word %s", c.purpose, c.demanded, c.level, c.has,
		c.fresh, c.word)
}

// want is the table once more, in words rather than in code: nil, or what the proof is refused with.
func (c proofCase) want() error {
	pending := c.demanded && c.level == 1
	switch c.purpose {
	case factor.PurposeSignIn: // a session that has both already, and a number that is gone, take nothing
		if c.level == 2 || !c.has {
			return fault.Ended
		}
	case factor.PurposeStepUp:
		if !c.has {
			return fault.Ended
		}
	case factor.PurposeEnrol: // for a user without a factor alone, at a log-in or right after the password
		switch {
		case c.has:
			return twofactor.ErrHasFactor
		case c.level == 2:
			return fault.Ended
		case c.word == "owed":
			return twofactor.ErrWordOwed
		case !pending && !c.fresh:
			return fault.StepUpRequired
		}
	case factor.PurposeChange: // never in a pending log-in, never without a fresh proof of what there is
		switch {
		case pending:
			return fault.Ended
		case c.word == "owed" && !c.has:
			return twofactor.ErrWordOwed
		case !c.fresh, c.has && c.level == 1:
			return fault.StepUpRequired
		}
	}
	return nil
}

func (c proofCase) run(t *testing.T, f *fixture, officeID int64) {
	ctx := t.Context()
	f.Exec("delete from challenges") // the limits of one number are another table
	u := f.user(officeID, account.RoleUser)
	// The challenge is made by a session that may have it.
	var sess session.Session
	var err error
	switch c.purpose {
	case factor.PurposeSignIn:
		sess = f.begin(f.confirmed(u, numberA))
	case factor.PurposeEnrol:
		sess = f.begin(u)
		err = f.factors.SendTo(ctx, sess, numberA, "en")
	case factor.PurposeChange:
		sess = f.signedIn(u, 0)
		err = f.factors.SendTo(ctx, sess, numberA, "en")
	case factor.PurposeStepUp:
		sess = f.signedIn(f.confirmed(u, numberA), time.Hour)
		err = f.factors.SendOnFile(ctx, sess, "en")
	}
	if err != nil {
		t.Fatal(err)
	}
	code := f.code(sess)

	// Then the world changes.
	f.Exec("update offices set two_factor_required = $2 where id = $1", officeID, c.demanded)
	age := time.Duration(0)
	if !c.fresh {
		age = 11 * time.Minute
	}
	proven := "null"
	if c.level == 2 {
		proven = "now() - $3::interval"
	}
	f.Exec(`update sessions set level = $2, password_at = now() - $3::interval, second_factor_at = `+proven+`
		where id = $1`, sess.ID, c.level, age)
	numbers := c.purpose == factor.PurposeSignIn || c.purpose == factor.PurposeStepUp
	switch {
	case numbers && !c.has:
		f.Exec("delete from mobile_numbers where user_id = $1", u.ID)
	case !numbers && c.has:
		f.app(u)
	}

	if c.word != "none" {
		f.Exec(`insert into enrolment_words (user_id, word_mac, expires_at) values ($1, 'x', now() + interval '1 day')`,
			u.ID)
	}
	if c.word == "given" {
		f.Exec("update sessions set word_given_at = now() where id = $1", sess.ID)
	}

	before := f.Text("select coalesce(max(number), '') from mobile_numbers where user_id = $1", u.ID)
	done, err := f.factors.Prove(ctx, sess, browser, factor.SMS, code)
	if want := c.want(); want != nil {
		if !errors.Is(err, want) {
			t.Errorf("it is refused with %v, want %v", err, want)
		}
		if now := f.Text("select coalesce(max(number), '') from mobile_numbers where user_id = $1", u.ID); now != before {
			t.Errorf("the number became %s", now)
		}
		if level := f.Int("select level from sessions where id = $1", sess.ID); level != c.level {
			t.Errorf("the session has level %d", level)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if in := f.load(done.Token); in.Pending() || in.Level != 2 || !in.FreshFactor() {
		t.Errorf("the session is %+v", in)
	}
	if n := f.Int("select count(*) from mobile_numbers where user_id = $1 and confirmed_at is not null", u.ID); n != 1 {
		t.Error("no number is confirmed")
	}
}
