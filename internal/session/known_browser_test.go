package session

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/factor"
)

// A browser is known by the two factors that were proven in it, whatever is demanded now.
func TestABrowserIsKnownByWhatWasProvenInIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	remember := func(sess Session, level int) {
		t.Helper()
		sess.Level = level
		f.inTx(func(tx pgx.Tx) error {
			return f.store.RememberBrowser(t.Context(), tx, sess, Client{Browser: []byte("mine")})
		})
	}
	known := func(what, browser string, pending, want bool) (Token, Session) {
		t.Helper()
		token, sess := f.startIn(browser, pending)
		loaded, err := f.store.Load(t.Context(), token)
		if err != nil || sess.KnownBrowser != want || loaded.KnownBrowser != want {
			t.Errorf("%s: begun %v, loaded %v, %v", what, sess.KnownBrowser, loaded.KnownBrowser, err)
		}
		return token, loaded
	}
	_, sess := known("a password alone that is enough", "mine", false, false)
	remember(sess, 1)
	known("the browser of a password alone, which is enough", "mine", false, false)
	f.Exec("update offices set two_factor_required = true")
	token, sess := known("the browser of a password alone", "mine", true, false)
	f.inTx(func(tx pgx.Tx) (err error) {
		token, err = f.store.Raise(t.Context(), tx, sess, factor.SMS)
		return err
	})
	if sess, err := f.store.Load(t.Context(), token); err != nil || !sess.KnownBrowser {
		t.Errorf("with its second factor the browser is known: %v, %v", sess.KnownBrowser, err)
	}
	remember(sess, 2)
	known("the browser of two factors", "mine", true, true)
	remember(sess, 1)
	known("after a password alone once more", "mine", true, true)
	known("where a password is enough", "mine", false, true)
	known("another browser", "theirs", true, false)
	known("a browser without a cookie", "", true, false)
	f.Exec("update known_browsers set signed_in_at = now() - interval '91 days'")
	known("a browser of 91 days ago", "mine", true, false)
}

func TestANewPasswordGivesBackWhatWasSpent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set budgets_since = now() - interval '1 day'")
	since := func() int {
		t.Helper()
		return f.Int("select count(*) from users where budgets_since > now() - interval '1 minute'")
	}
	f.Exec("update users set name = 'Another'")
	if since() != 0 {
		t.Error("another name gives budgets back")
	}
	f.Exec("update users set password_hash = 'another'")
	if since() != f.Int("select count(*) from users") {
		t.Error("a new password gives nothing back")
	}
}
