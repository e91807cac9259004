package issuer

import (
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
)

func TestWhatAUserHasToDoFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	ago := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
	open := application.Door{Admitted: true, Roles: application.Roles()}
	user := func(level int, has bool, passwordAt, factorAt time.Time) session.Session {
		return session.Session{
			User: account.User{Role: account.RoleUser}, Level: level, Factors: factor.Set{{Kind: factor.App, Counts: has}},
			PasswordAt: passwordAt, SecondFactorAt: factorAt, CreatedAt: passwordAt, Now: now,
		}
	}
	one, two := user(1, false, ago(30), time.Time{}), user(2, true, ago(30), ago(20))
	able, fresh := user(1, true, ago(30), time.Time{}), user(2, true, ago(30), ago(1))
	pending := able
	pending.TwoFactorRequired = true
	strict := open
	strict.RequireTwoFactor = true
	aged := open
	aged.MaxFactorAge = 15 * time.Minute
	closed := open
	closed.Disabled = true
	plain := question{maxAge: -1, askedAt: ago(2)}
	with := func(change func(*question)) question { q := plain; change(&q); return q }
	asks := func(prompt string) question { return with(func(q *question) { q.prompt = []string{prompt} }) }
	chosen := asks("select_account")
	chosen.chosen = true
	for name, c := range map[string]struct {
		q       question
		s       session.Session
		door    application.Door
		need    Need
		refusal application.Refusal
	}{
		"nothing":                     {plain, one, open, "", ""},
		"the log-in under way":        {plain, pending, open, NeedFinish, application.Unfinished},
		"a closed application":        {plain, two, closed, NeedNobody, application.Disabled},
		"closed, and asked to log in": {asks("login"), two, closed, NeedNobody, application.Disabled},
		"prompt=login":                {asks("login"), two, open, NeedProof, ""},
		"prompt=login, proven since":  {asks("login"), fresh, open, "", ""},
		"max_age that is kept":        {with(func(q *question) { q.maxAge = 1300 }), two, open, "", ""},
		"max_age that is not":         {with(func(q *question) { q.maxAge = 1100 }), two, open, NeedProof, ""},
		"max_age=0, proven since":     {with(func(q *question) { q.maxAge = 0 }), fresh, open, "", ""},
		"select_account":              {asks("select_account"), two, open, NeedChoose, ""},
		"select_account, chosen":      {chosen, two, open, "", ""},
		"somebody else is expected":   {with(func(q *question) { q.subject = "them" }), two, open, NeedChoose, ""},
		"and going on does not help": {with(func(q *question) { q.subject = "them"; q.chosen = true }), two,
			open, NeedChoose, ""},
		"acr of two, by one who can":    {with(func(q *question) { q.acr = []string{acrTwo} }), able, open, NeedProof, ""},
		"acr of two, by one who cannot": {with(func(q *question) { q.acr = []string{acrTwo} }), one, open, "", ""},
		"acr of one first":              {with(func(q *question) { q.acr = []string{acrOne, acrTwo} }), able, open, "", ""},
		"two factors, by one who can":   {plain, able, strict, NeedProof, application.SecondFactor},
		"by one who cannot":             {plain, one, strict, NeedNobody, application.SecondFactor},
		"a factor too old":              {plain, two, aged, NeedProof, application.FactorAge},
		"a factor of just now":          {plain, fresh, aged, "", ""},
	} {
		if need, refusal := c.q.need(c.s, "me", c.door); need != c.need || refusal != c.refusal {
			t.Errorf("%s: %q and %q, want %q and %q", name, need, refusal, c.need, c.refusal)
		}
	}
	if amr := amrOf([]string{"pwd", "recovery"}, 2); len(amr) != 3 || amr[1] != "otp" || amr[2] != "mfa" {
		t.Errorf("amr is %v", amr)
	}
}
