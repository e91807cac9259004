package twofactor_test

import (
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// wrongWord has the form of a word, and is none.
const wrongWord = "aaaaa-aaaaa-aaaaa"

// resetBy resets a user by a superuser of the office.
func (f *fixture) resetBy(boss account.User, userID int64) twofactor.Handover {
	f.t.Helper()
	done, err := f.factors.Reset(f.t.Context(), f.signedIn(boss, 0), browser, userID)
	if err != nil {
		f.t.Fatal(err)
	}
	return done
}

// Who knows the password and nothing else waits for the reset, logs in with it, and enrols no phone of their own: with
// mail the password is gone, without it the word is missing.
func TestAResetLeavesNothingToWhoKnowsThePassword(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct{ mail, email, disabled, only, byHand bool }{
		"by mail":                  {mail: true, email: true},
		"without mail":             {email: true},
		"without an address":       {mail: true},
		"with neither":             {},
		"a disabled user":          {mail: true, email: true, disabled: true},
		"by the command line":      {mail: true, email: true, byHand: true},
		"the only superuser":       {mail: true, email: true, only: true, byHand: true},
		"the only one, no mail":    {only: true, byHand: true},
		"by the line without mail": {byHand: true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			post := &postbox{}
			if test.mail {
				f.serve(post)
			}
			officeID, role := f.office("ACME", required), account.RoleUser
			if test.only {
				role = account.RoleSuperuser
			}
			owner := f.confirmed(f.user(officeID, role), numberA)
			if test.email {
				f.Exec("update users set email = 'o@example.org' where id = $1", owner.ID)
			}
			f.Exec("update users set disabled_at = case when $2 then now() end where id = $1", owner.ID, test.disabled)
			f.Exec("insert into known_browsers (user_id, browser_hash) values ($1, 'stranger')", owner.ID)
			var done twofactor.Handover
			if test.byHand {
				var err error
				if done, err = f.factors.ForceReset(t.Context(), officeID, owner.ID); err != nil {
					t.Fatal(err)
				}
			} else {
				done = f.resetBy(f.user(officeID, account.RoleSuperuser), owner.ID)
			}
			f.Exec("update users set disabled_at = null where id = $1", owner.ID)
			mailed := test.mail && test.email && !test.disabled && !test.only
			if done.Mailed != mailed || (done.Word == "") != mailed {
				t.Fatalf("it is handed over by %+v", done)
			}
			if n := f.Int("select count(*) from known_browsers where user_id = $1", owner.ID); n != 0 {
				t.Error("a browser is known still")
			}
			if mailed {
				f.voided(owner, post)
				return
			}
			f.words(owner, done.Word)
		})
	}
}

// voided: the password is void, a link is mailed, and a log-in that was under way begins nothing.
func (f *fixture) voided(owner account.User, post *postbox) {
	f.t.Helper()
	if f.Text("select password_hash from users where id = $1", owner.ID) != "" {
		f.t.Error("the password stays")
	}
	_, _, err := f.factors.Begin(f.t.Context(), owner, "en", browser)
	is(f.t, err, account.ErrWrong)
	if got := post.kinds(owner); len(got) != 1 || got[0] != account.Restart || post.mails[0].Token == "" {
		f.t.Errorf("mailed are %v", got)
	}
	if n := f.Int(`select count(*) from one_time_links where user_id = $1 and used_at is null
		and purpose = 'reset'`, owner.ID); n != 1 {
		f.t.Errorf("%d links live", n)
	}
}

// words: nothing is enrolled without the word, its tries are charged, and with it the owner is in.
func (f *fixture) words(owner account.User, word string) {
	t := f.t
	t.Helper()
	ctx := t.Context()
	plain := strings.ReplaceAll(word, "-", "")
	kept := f.Text("select encode(word_mac, 'escape') || w::text from enrolment_words w")
	if strings.Contains(kept, word) || strings.Contains(kept, plain) || kept == "" {
		t.Error("the word stands in the database")
	}
	stranger := f.begin(owner)
	is(t, f.factors.SendTo(ctx, stranger, numberB, "en"), twofactor.ErrWordOwed)
	_, err := f.factors.BeginEnrolment(ctx, stranger, factor.App)
	is(t, err, twofactor.ErrWordOwed)
	is(t, f.factors.GiveWord(ctx, stranger, browser, "a word"), twofactor.ErrNotACode)
	for left := 4; left >= 0; left-- {
		wrong(t, f.factors.GiveWord(ctx, stranger, browser, wrongWord), left)
	}
	is(t, f.factors.GiveWord(ctx, stranger, browser, word), twofactor.ErrOver) // the session is over
	f.guessesWords(owner)

	// Given in one session it opens that one alone.
	mine, theirs := f.begin(owner), f.begin(owner)
	if err := f.factors.GiveWord(ctx, mine, browser, strings.ToUpper(word)); err != nil {
		t.Fatal(err)
	}
	is(t, f.factors.SendTo(ctx, theirs, numberB, "en"), twofactor.ErrWordOwed)
	is(t, f.factors.GiveWord(ctx, mine, browser, word), twofactor.ErrOver)
	if err := f.factors.SendTo(ctx, mine, numberA, "en"); err != nil {
		t.Fatal(err)
	}
	if err := f.verify(mine, f.code(mine)); err != nil {
		t.Fatal(err)
	}
	if n := f.Int("select count(*) from enrolment_words"); n != 0 {
		t.Error("the word serves once more")
	}
}

// guessesWords: whoever knows the password spends tries of the word, and of factors that nobody has yet, in one log-in
// after the other. That is told once, and makes the owner wait for nothing.
func (f *fixture) guessesWords(owner account.User) {
	t := f.t
	t.Helper()
	notices := f.Int("select count(*) from notices where user_id = $1 and kind = 'guessed'", owner.ID)
	for range 10 {
		stranger := f.beginIn(owner, session.Client{Address: f.network()})
		for _, kind := range []factor.Kind{factor.App, factor.Recovery, factor.SMS} {
			typed := map[factor.Kind]string{factor.Recovery: wrongWord}[kind]
			if typed == "" {
				typed = "271828"
			}
			_, err := f.factors.Prove(t.Context(), stranger, browser, kind, typed)
			is(t, err, twofactor.ErrWordOwed)
			_, err = f.factors.ConfirmEnrolment(t.Context(), stranger, browser, kind, typed)
			is(t, err, twofactor.ErrWordOwed)
		}
		for left := 4; left >= 0; left-- {
			wrong(t, f.factors.GiveWord(t.Context(), stranger, browser, wrongWord), left)
		}
	}
	if n := f.Int("select count(*) from factor_failures where user_id = $1", owner.ID); n != 0 {
		t.Error("wrong words are charged to the user")
	}
	if n := f.Int("select count(*) from notices where user_id = $1 and kind = 'guessed'", owner.ID); n > max(notices, 1) {
		t.Errorf("wrong words are told %d times", n)
	}
}

// A word that has expired stays owed: waiting for a day does not open the account to who knows the password. A new
// reset makes a new one, and the one before is as wrong as any.
func TestAnExpiredWordIsOwedStill(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	officeID := f.office("ACME", required)
	owner, boss := f.user(officeID, account.RoleUser), f.user(officeID, account.RoleSuperuser)
	first := f.resetBy(boss, owner.ID).Word
	f.Exec("update enrolment_words set expires_at = now()")
	sess := f.begin(owner)
	is(t, f.factors.SendTo(t.Context(), sess, numberB, "en"), twofactor.ErrWordOwed)
	is(t, f.factors.GiveWord(t.Context(), sess, browser, first), twofactor.ErrWordExpired)
	second := f.resetBy(boss, owner.ID).Word
	sess = f.begin(owner)
	wrong(t, f.factors.GiveWord(t.Context(), sess, browser, first), 4)
	if err := f.factors.GiveWord(t.Context(), sess, browser, second); err != nil {
		t.Error(err)
	}
}

// Where no second factor is demanded the word is owed all the same: whoever is in by the password enrols no factor that
// counts when the office begins to demand one.
func TestTheWordIsOwedWhereNothingIsDemanded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	officeID := f.office("ACME", optional)
	owner, boss := f.confirmed(f.user(officeID, account.RoleUser), numberA), f.user(officeID, account.RoleSuperuser)
	word := f.resetBy(boss, owner.ID).Word
	in := f.begin(owner)
	if in.Pending() {
		t.Fatal("something is demanded")
	}
	is(t, f.factors.SendTo(t.Context(), in, numberB, "en"), twofactor.ErrWordOwed)
	if err := f.factors.GiveWord(t.Context(), in, browser, word); err != nil {
		t.Fatal(err)
	}
	if err := f.factors.SendTo(t.Context(), in, numberB, "en"); err != nil {
		t.Error(err)
	}
}
