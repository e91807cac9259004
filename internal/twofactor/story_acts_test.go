package twofactor_test

import (
	"errors"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// The owner.

// ownerIn logs the owner in with password and factor, within a minute, and returns the session.
func (s *story) ownerIn(client session.Client) session.Session {
	if s.password == "" {
		s.ownerForgot()
	}
	s.later(30 * time.Second) // a code of an app serves once
	var user account.User
	s.within("the owner's password", func() (err error) {
		user, err = s.signIn(s.password, client)
		return err
	})
	token, _, err := s.factors.Begin(s.ctx(), user, "en", client)
	s.must("the owner begins", err)
	sess := s.load(token)
	s.mine = client
	if !sess.Pending() {
		return sess
	}
	var proven twofactor.Proven
	switch {
	case s.secret != "":
		proven, err = s.factors.Prove(s.ctx(), sess, client, factor.App, s.step(otp.Secret(s.secret), 0))
	case s.number.E164 != "":
		s.within("the owner's code is sent", func() error { return s.codeIsUnderWay(sess) })
		proven, err = s.factors.Prove(s.ctx(), sess, client, factor.SMS, s.code(sess))
	default: // after a reset
		s.number = s.former
		s.within("the owner's first code is sent", func() error { return s.factors.SendTo(s.ctx(), sess, s.number, "en") })
		proven, err = s.factors.Prove(s.ctx(), sess, client, factor.SMS, s.code(sess))
	}
	s.must("the owner proves the second factor", err)
	return s.load(proven.Token)
}

func (s *story) codeIsUnderWay(sess session.Session) error {
	challenge, err := s.factors.Current(s.ctx(), sess)
	if err == nil && challenge.Live() {
		return nil
	}
	return s.factors.SendOnFile(s.ctx(), sess, "en")
}

func (s *story) signIn(password string, client session.Client) (account.User, error) {
	return s.accounts.SignIn(s.ctx(), account.Attempt{
		OfficeCode: "ACME", Username: s.owner.Username, Password: password, Browser: client.Browser, Address: client.Address,
	})
}

// newPassword has the owner take the next password.
func (s *story) newPassword(set func(password string) error) {
	s.words++
	password := fmt.Sprintf(storyPassword, s.words)
	s.must("a new password", set(password))
	s.password = password
}

func (s *story) ownerMistypes(*rapid.T) {
	if s.password == "" || s.secret == "" {
		s.Skip("there is nothing to mistype")
	}
	s.later(30 * time.Second)
	var user account.User
	s.within("the owner's password", func() (err error) {
		user, err = s.signIn(s.password, s.mine)
		return err
	})
	token, _, err := s.factors.Begin(s.ctx(), user, "en", s.mine)
	s.must("the owner begins", err)
	if sess := s.load(token); sess.Pending() {
		_, err = s.factors.Prove(s.ctx(), sess, s.mine, factor.App, not(s.step(otp.Secret(s.secret), 0)))
		var wrong *twofactor.Wrong
		if !errors.As(err, &wrong) {
			s.Fatalf("the owner mistyped a code: %v", err)
		}
	}
	s.ownerIn(s.mine)
}

func (s *story) ownerChangesPassword(*rapid.T) {
	sess := s.ownerIn(s.mine)
	s.newPassword(func(password string) error {
		return s.accounts.ChangePassword(s.ctx(), sess.User, sess.ID, s.password, password, account.Origin{})
	})
}

func (s *story) ownerAddsApp(*rapid.T) {
	if s.secret != "" {
		s.Skip("there is one")
	}
	sess := s.ownerIn(s.mine)
	if sess.Level < 2 {
		s.Skip("a factor is changed with the factor")
	}
	setup, err := s.factors.BeginEnrolment(s.ctx(), sess, factor.App)
	s.must("the owner begins with an app", err)
	_, err = s.factors.ConfirmEnrolment(s.ctx(), sess, s.mine, factor.App, s.step(setup.Secret, 0))
	s.must("the owner sets an app up", err)
	s.secret = string(setup.Secret)
}

func (s *story) ownerChangesNumber(*rapid.T) {
	sess := s.ownerIn(s.mine)
	if sess.Level < 2 {
		s.Skip("a factor is changed with the factor")
	}
	to := numberB
	if s.number == numberB {
		to = numberA
	}
	if err := s.factors.SendTo(s.ctx(), sess, to, "en"); err != nil {
		var limited *twofactor.Limited
		if errors.As(err, &limited) {
			s.Skip("an unproven number may have to wait")
		}
		s.must("the owner's new number", err)
	}
	_, err := s.factors.Prove(s.ctx(), sess, s.mine, factor.SMS, s.code(sess))
	s.must("the owner proves a new number", err)
	s.number, s.former = to, to
}

// ownerForgot has the owner set a new password with a link from the mailbox, within a minute.
func (s *story) ownerForgot() {
	s.within("the owner asks for a link", func() error {
		return s.accounts.Forgot(s.ctx(), "ACME", s.owner.Username, account.Origin{Address: s.mine.Address, Language: "en"})
	})
	s.work()
	for _, token := range s.mailed {
		if _, err := s.accounts.OpenLink(s.ctx(), token); err == nil {
			s.newPassword(func(password string) error {
				return s.accounts.UseLink(s.ctx(), token, password, account.Origin{Address: s.mine.Address, Language: "en"})
			})
			return
		}
	}
	s.Fatalf("no link in the owner's mailbox lives")
}

// The holder of the password.

var holderNumber = phone.Number{E164: "+31687654321", Country: "NL"}

// networks are where whoever is not known comes from: the owner's own network, and that of a proxy, too.
var networks = []string{
	"198.51.100.1", "198.51.100.2", "2001:db8:bad:1::1", "2001:db8:bad:2::1", "10.0.0.1", mine.Address,
}

// network draws a client that nobody knows.
func (s *story) network() session.Client {
	return unknown(rapid.SampledFrom(networks).Draw(s.T, "from"))
}

func unknown(address string) session.Client {
	return session.Client{Address: address, UserAgent: "theirs", Browser: []byte("a browser of " + address)}
}

// holding draws one of the holder's sessions that lives.
func (s *story) holding() (session.Session, session.Client) {
	if len(s.held) == 0 {
		s.Skip("no session")
	}
	sess, err := s.sessions.Load(s.ctx(), rapid.SampledFrom(s.held).Draw(s.T, "session"))
	if err != nil {
		s.Skip("that one is over")
	}
	return sess, s.network()
}

func (s *story) holderLogsIn(*rapid.T) {
	client := s.network()
	for range rapid.SampledFrom([]int{1, 1, 1, 12}).Draw(s.T, "times") {
		s.strangers++
		user, err := s.signIn(s.leaked, client)
		if err != nil {
			if s.leaked == s.password {
				var delay *account.Delay
				if !errors.As(err, &delay) && !errors.Is(err, account.ErrWrong) {
					s.Logf("the holder is refused: %v", err)
				}
			}
			return
		}
		if s.leaked != s.password {
			s.Fatalf("a password of before opens")
		}
		token, _, err := s.factors.Begin(s.ctx(), user, "en", client)
		if err != nil {
			return
		}
		s.held = append(s.held, token)
	}
}

func (s *story) holderGuesses(*rapid.T) {
	sess, client := s.holding()
	kind := rapid.SampledFrom([]factor.Kind{factor.App, factor.SMS, factor.Recovery}).Draw(s.T, "kind")
	code := "000000"
	if kind == factor.Recovery {
		code = "aaaa-bbbb-cccc-dddd"
	}
	for range rapid.SampledFrom([]int{1, 5}).Draw(s.T, "times") {
		s.strangers++
		if _, err := s.factors.Prove(s.ctx(), sess, client, kind, code); err == nil {
			s.Skip("one in a million")
		}
	}
}

func (s *story) holderAsks(*rapid.T) {
	sess, _ := s.holding()
	for range rapid.SampledFrom([]int{1, 6}).Draw(s.T, "times") {
		s.strangers++
		_ = s.factors.SendOnFile(s.ctx(), sess, "en")
		_ = s.factors.Resend(s.ctx(), sess, "en", phone.ByText)
	}
}

func (s *story) holderEnrolsNumber(*rapid.T) {
	sess, _ := s.holding()
	_ = s.factors.SendTo(s.ctx(), sess, holderNumber, "en")
}

// holderEnters enters a code that was sent to the holder's own phone.
func (s *story) holderEnters(*rapid.T) {
	sess, client := s.holding()
	challenge, err := s.factors.Current(s.ctx(), sess)
	if err != nil || !challenge.Live() || challenge.Number != holderNumber {
		s.Skip("none came")
	}
	if _, err := s.factors.Prove(s.ctx(), sess, client, factor.SMS, s.code(sess)); err == nil {
		s.Fatalf("the holder of the password enrolled a number")
	}
}

func (s *story) holderEnrolsApp(*rapid.T) {
	sess, client := s.holding()
	setup, err := s.factors.BeginEnrolment(s.ctx(), sess, factor.App)
	if err != nil {
		s.Skip("refused")
	}
	if rapid.Bool().Draw(s.T, "switch between") {
		s.bossSwitches(s.T)
	}
	_, err = s.factors.ConfirmEnrolment(s.ctx(), sess, client, factor.App, s.step(setup.Secret, 0))
	if err == nil {
		s.Fatalf("the holder of the password enrolled an app")
	}
}

// holderProvesPassword is a step-up by the password, and what it may open.
func (s *story) holderProvesPassword(*rapid.T) {
	sess, client := s.holding()
	if err := s.accounts.CheckPassword(s.ctx(), sess.User, sess.ID, "ACME", s.leaked, client.Address); err != nil {
		s.Skip("refused")
	}
	token, err := s.sessions.ProvePassword(s.ctx(), sess)
	if err != nil {
		return
	}
	s.held = append(s.held, token)
	sess = s.load(token)
	for _, kind := range []factor.Kind{factor.App, factor.SMS} {
		if err := s.factors.Remove(s.ctx(), sess, client, kind); err == nil {
			s.Fatalf("the holder of the password removed a factor")
		}
	}
}

// Everybody else.

func (s *story) strangersGuess(*rapid.T) {
	from := rapid.IntRange(0, len(networks)-1).Draw(s.T, "from")
	for i := range rapid.SampledFrom([]int{1, 10, 40}).Draw(s.T, "times") {
		s.strangers++
		_, err := s.signIn("not the password of anybody", unknown(networks[(from+i)%len(networks)]))
		if err == nil {
			s.Fatalf("a wrong password opens")
		}
	}
}

func (s *story) strangersForget(*rapid.T) {
	for i := range rapid.SampledFrom([]int{1, 4, 30}).Draw(s.T, "times") {
		s.strangers++
		_ = s.accounts.Forgot(s.ctx(), "ACME", s.owner.Username,
			account.Origin{Address: networks[i%len(networks)], Language: "en"})
	}
	s.work()
}

// othersAsk has users of the own office and another have codes sent to the owner's number, and enter wrong ones.
func (s *story) othersAsk(*rapid.T) {
	user := rapid.SampledFrom([]account.User{s.colleague, s.evil}).Draw(s.T, "user")
	client := s.network()
	for range rapid.SampledFrom([]int{1, 6}).Draw(s.T, "times") {
		token, _, err := s.factors.Begin(s.ctx(), user, "en", client)
		if err != nil {
			return
		}
		sess := s.load(token)
		_ = s.factors.SendTo(s.ctx(), sess, s.former, "en")
		_, _ = s.factors.Prove(s.ctx(), sess, client, factor.SMS, "000000")
		s.later(10 * time.Second)
	}
}

// bossIn returns a session of the superuser's that may do all.
func (s *story) bossIn() session.Session { return s.signedIn(s.boss, 0) }

func (s *story) bossSwitches(*rapid.T) {
	if s.Int("select count(*) from offices where code = 'ACME' and two_factor_required") == 1 {
		s.must("switching off", s.offices.SwitchOff(s.ctx(), s.bossIn(), browser))
		return
	}
	s.must("activating", s.offices.Activate(s.ctx(), s.bossIn(), browser))
}

func (s *story) bossResets(*rapid.T) {
	done, err := s.factors.Reset(s.ctx(), s.bossIn(), browser, s.owner.ID)
	s.must("a reset", err)
	if !done.Mailed {
		s.Fatalf("a reset that mails nothing leaves the password")
	}
	s.number, s.secret, s.password = phone.Number{}, "", ""
	// Whoever knew the password knows none now.
	if _, err := s.signIn(s.leaked, s.network()); err == nil {
		s.Fatalf("after a reset the old password opens")
	}
}

func (s *story) timePasses(*rapid.T) {
	s.later(rapid.SampledFrom([]time.Duration{
		20 * time.Second, 3 * time.Minute, 20 * time.Minute, 2 * time.Hour, 25 * time.Hour,
	}).Draw(s.T, "by"))
}
