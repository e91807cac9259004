package twofactor_test

import (
	"sync"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/session"
)

// A log-in that is begun again in the same browser, by a second click or by a user who starts anew, goes on with the
// code that is under way: one text, one log-in, and its new token alone.
func TestALogInBegunAgainInItsBrowserGoesOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	begin := func(client session.Client) session.Token {
		token, _, err := f.factors.Begin(t.Context(), user, "en", client)
		if err != nil {
			t.Error(err)
		}
		return token
	}
	living := func(token session.Token) bool {
		_, err := f.sessions.Load(t.Context(), token)
		return err == nil
	}
	const texts, logIns = "select count(*) from messages", "select count(*) from sessions where ended_at is null"

	tokens := make([]session.Token, 8)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() { tokens[i] = begin(browser) })
	}
	wg.Wait()
	good := 0
	for _, token := range tokens {
		if living(token) {
			good++
		}
	}
	if f.Int(texts) != 1 || f.Int(logIns) != 1 || good != 1 {
		t.Errorf("eight at once: %d texts, %d log-ins, %d tokens are good", f.Int(texts), f.Int(logIns), good)
	}

	first := begin(browser)
	sess := f.load(first)
	wrong := "000000"
	if f.code(sess) == wrong {
		wrong = "000001"
	}
	if err := f.verify(sess, wrong); err == nil {
		t.Fatal("a wrong code is right")
	}
	second := begin(browser)
	if living(first) || !living(second) || f.load(second).ID != sess.ID || f.Int(texts) != 1 {
		t.Errorf("begun again: the old token is good: %t, the new one: %t, %d texts", living(first), living(second),
			f.Int(texts))
	}
	if tries := f.Int("select tries from challenges where ended_at is null"); tries != 1 {
		t.Errorf("after one wrong code and a new log-in %d tries are counted", tries)
	}

	for what, client := range map[string]session.Client{"another browser": elsewhere, "no browser's cookie": {
		Address: browser.Address}} {
		before := f.Int(texts)
		if token := begin(client); f.load(token).ID == sess.ID || f.Int(texts) != before+1 {
			t.Errorf("%s goes on with somebody's log-in", what)
		}
	}
	f.Exec("update users set password_version = password_version + 1")
	user.PasswordVersion++
	if token := begin(browser); f.load(token).ID == sess.ID {
		t.Error("a log-in goes on that proved an older password")
	}
}
