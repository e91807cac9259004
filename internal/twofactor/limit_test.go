package twofactor_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// sent gives a user n messages to a number, minutes old, whose challenges ended so.
func (w *world) sent(u account.User, n phone.Number, count, minutes int, outcome string) {
	w.t.Helper()
	sess := w.begin(u)
	w.exec("delete from challenges where session_id = $1", sess.ID)
	w.exec(`with c as (
		insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, created_at,
			expires_at, ended_at, outcome)
		select gen_random_uuid()::text, $1, $2, $3, 'sign_in', $4, $5, 'en', 'x', now() - $6::int * interval '1 minute',
			now() - ($6::int - 5) * interval '1 minute', now(), $7 from generate_series(1, $8::int) returning id, created_at
	), m as (
		insert into messages (challenge_id, send_no, state, final, queued_at, accepted_at)
			select id, 1, 'accepted', true, created_at, created_at from c returning id
	) insert into sends (message_id, provider, state, class) select id, 'vonage', 'sent', 'sent' from m`,
		sess.ID, u.ID, u.OfficeID, n.E164, n.Country, minutes, outcome, count)
}

// asks has the user ask for a code to the number on file.
func (w *world) asks(u account.User) error {
	w.t.Helper()
	before := w.messages(u)
	sess := w.begin(u)
	if w.messages(u) > before {
		return nil
	}
	return w.factors.SendOnFile(w.t.Context(), sess, "en")
}

func TestWhatNobodyEnteredCountsAgainstANumberAndAUser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		count, minutes int
		outcome        string
		shared         bool // the messages were another user's, to the same phone
		want           twofactor.Limit
	}{
		"four in an hour":                   {4, 30, "expired", false, ""},
		"five in an hour":                   {5, 30, "expired", false, twofactor.LimitNumberHour},
		"five, an hour ago":                 {5, 61, "expired", false, ""},
		"ten in a day":                      {10, 300, "expired", false, twofactor.LimitNumberDay},
		"ten, a day ago":                    {10, 24*60 + 1, "expired", false, ""},
		"forty that were entered":           {40, 30, "verified", false, ""},
		"five to a phone that others share": {5, 30, "expired", true, twofactor.LimitNumberHour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			office := w.office("ACME", required)
			u := w.confirmed(w.user(office, account.RoleUser), numberA)
			of := u
			if c.shared {
				of = w.confirmed(w.user(office, account.RoleUser), numberA)
			}
			w.sent(of, numberA, c.count, c.minutes, c.outcome)
			err := w.asks(u)
			if c.want == "" {
				if err != nil {
					t.Errorf("it is refused: %v", err)
				}
				return
			}
			limited(t, err, c.want)
			if n := w.number("select count(*) from audit_events where action = 'code_not_sent' and detail = $1",
				c.want); n == 0 {
				t.Error("nobody could find out why")
			}
		})
	}
}

func TestAUserIsCountedOverAllNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberB)
	w.sent(u, numberA, 5, 30, "expired")
	limited(t, w.asks(u), twofactor.LimitUserHour)
}

func TestWhatWasNeverSentDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
	w.sent(u, numberA, 12, 30, "expired")
	w.exec("update messages set state = 'failed'")
	w.exec("update sends set state = 'refused', class = 'retry'")
	if err := w.asks(u); err != nil {
		t.Errorf("an hour without a provider locks the user out: %v", err)
	}
}

func TestThreeNewNumbersADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.user(w.office("ACME", required), account.RoleUser)
	for i := range 4 {
		sess := w.begin(u)
		err := w.factors.SendTo(t.Context(), sess, phone.Number{E164: fmt.Sprintf("+3161234567%d", i), Country: "NL"}, "en")
		w.exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null where ended_at is null")
		if i < 3 && err != nil {
			t.Fatalf("number %d: %v", i+1, err)
		}
		if i == 3 {
			limited(t, err, twofactor.LimitNumbers)
		}
	}
	// One of the three may be asked for again.
	if err := w.factors.SendTo(t.Context(), w.begin(u), phone.Number{E164: "+31612345671", Country: "NL"},
		"en"); err != nil {
		t.Error(err)
	}
}

func TestAnOfficeHasItsHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	u := w.confirmed(w.user(office, account.RoleUser), numberA)
	other := w.user(office, account.RoleUser)
	w.sent(other, numberB, 49, 30, "verified")
	if err := w.asks(u); err != nil {
		t.Fatal(err)
	}
	limited(t, w.asks(w.confirmed(w.user(office, account.RoleUser), numberB)), twofactor.LimitOffice)
	// Thirteen users and more have four each.
	for range 11 {
		w.user(office, account.RoleUser)
	}
	if err := w.asks(u); err != nil {
		t.Errorf("14 users may send 56: %v", err)
	}
	elsewhere := w.confirmed(w.user(w.office("OTHER", required), account.RoleUser),
		phone.Number{E164: "+31612345699", Country: "NL"})
	if err := w.asks(elsewhere); err != nil {
		t.Errorf("another office is stopped with it: %v", err)
	}
}

func TestCodesGoToTheOfficesCountriesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	u := w.user(office, account.RoleUser)
	american := phone.Number{E164: "+12015550123", Country: "US"}
	limited(t, w.factors.SendTo(t.Context(), w.begin(u), american, "en"), twofactor.LimitCountry)
	w.exec("insert into office_countries (office_id, country, allowed) values ($1, 'US', true), ($1, 'NL', false)", office)
	if err := w.factors.SendTo(t.Context(), w.begin(u), american, "en"); err != nil {
		t.Error(err)
	}
	limited(t, w.factors.SendTo(t.Context(), w.begin(u), numberA, "en"), twofactor.LimitCountry)
	if err := w.factors.SendTo(t.Context(), w.begin(u), numberB, "en"); err != nil {
		t.Errorf("Belgium, which nobody spoke of: %v", err)
	}
}

func TestARangeThatVerifiesLittleIsStoppedAndLetGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	victim := w.confirmed(w.user(office, account.RoleUser), numberA)
	attacker := w.user(office, account.RoleUser)
	neighbour := phone.Number{E164: "+31612399999", Country: "NL"} // the same 100 000 numbers
	w.sent(attacker, neighbour, 24, 120, "expired")
	w.sent(attacker, neighbour, 5, 120, "verified")
	if err := w.asks(victim); err != nil {
		t.Fatalf("29 sends stop nothing: %v", err)
	}
	w.sent(attacker, neighbour, 1, 120, "expired")
	w.exec("delete from challenges where user_id = $1", victim.ID)
	limited(t, w.asks(victim), twofactor.LimitPrefix)
	if err := w.asks(w.confirmed(w.user(office, account.RoleUser), numberB)); err != nil {
		t.Errorf("another range is stopped with it: %v", err)
	}
	w.exec("insert into prefix_releases (prefix) values ('+316123')")
	if err := w.asks(victim); err != nil {
		t.Errorf("the range was let go: %v", err)
	}
}

// A Monday morning: many of one range have asked, and nobody has had the time to enter anything.
func TestWhatIsStillUnderWaySaysNothingOfARange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	for i := range 40 {
		u := w.confirmed(w.user(office, account.RoleUser), phone.Number{
			E164: fmt.Sprintf("+316123456%02d", i), Country: "NL",
		})
		if err := w.asks(u); err != nil {
			t.Fatalf("user %d: %v", i+1, err)
		}
	}
}

func TestSpentMoneyIsSpent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	u := w.confirmed(w.user(office, account.RoleUser), numberA)
	month := "date_trunc('month', now() at time zone 'UTC')::date"
	w.exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, "+month+
		", 'a', 'NL', '', 3, 9.99), ($1, "+month+" - interval '1 month', 'a', 'NL', '', 3, 100)", office)
	w.exec("update offices set money_cap = 10")
	if err := w.asks(u); err != nil {
		t.Fatal(err)
	}
	w.exec("update offices set money_cap = 9.99")
	limited(t, w.asks(u), twofactor.LimitMoney)
	w.exec("update offices set money_cap = null")
	w.exec("insert into installation (key_fingerprint, money_cap) values ('x', 5)")
	limited(t, w.asks(u), twofactor.LimitMoney)
}

// Sixteen log-ins of different users of one phone at once: five codes go out.
func TestParallelRequestsShareALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.office("ACME", required)
	var sessions []session.Session
	for range 16 {
		u := w.user(office, account.RoleUser)
		sess := w.begin(u)
		w.confirmed(u, numberA)
		sessions = append(sessions, sess)
	}
	var wg sync.WaitGroup
	for _, sess := range sessions {
		wg.Go(func() { _ = w.factors.SendOnFile(t.Context(), sess, "en") })
	}
	wg.Wait()
	if n := w.number("select count(*) from messages"); n != 5 {
		t.Errorf("%d messages went to one number", n)
	}
}

func TestResendingCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.confirmed(w.user(w.office("ACME", required), account.RoleUser), numberA)
	w.sent(u, numberA, 4, 30, "expired")
	sess := w.begin(u)
	w.exec("update challenges set asked_at = asked_at - interval '31 seconds' where ended_at is null")
	limited(t, w.resend(sess), twofactor.LimitNumberHour)
}
