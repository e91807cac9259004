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

// sent gives a user n messages to a number, minutes old, whose challenges ended so. It was proven when it is the
// user's confirmed number now.
func (f *fixture) sent(u account.User, n phone.Number, count, minutes int, outcome string) {
	f.t.Helper()
	sess := f.begin(u)
	f.Exec("delete from challenges where session_id = $1", sess.ID)
	f.Exec(`with c as (
		insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac,
			created_at, expires_at, ended_at, outcome, proven)
		select gen_random_uuid()::text, $1, $2, $3, case when p.proven then 'sign_in' else 'enrol' end, $4, $5, 'en', 'x',
			now() - $6::int * interval '1 minute', now() - ($6::int - 5) * interval '1 minute', now(), $7, p.proven
		from generate_series(1, $8::int), (select exists (
			select from mobile_numbers where user_id = $2 and number = $4 and confirmed_at is not null) as proven) p
		returning id, created_at
	), m as (
		insert into messages (challenge_id, send_no, state, final, queued_at, accepted_at)
			select id, 1, 'accepted', true, created_at, created_at from c returning id
	) insert into sends (message_id, provider, state, class) select id, 'vonage', 'sent', 'sent' from m`,
		sess.ID, u.ID, u.OfficeID, n.E164, n.Country, minutes, outcome, count)
}

// asks has the user ask for a code to the number on file.
func (f *fixture) asks(u account.User) error {
	f.t.Helper()
	before := f.messages(u)
	sess := f.begin(u)
	if f.messages(u) > before {
		return nil
	}
	return f.factors.SendOnFile(f.t.Context(), sess, "en")
}

// enrols has the user, who has no factor, ask for a code to a number at a log-in.
func (f *fixture) enrols(u account.User, n phone.Number) error {
	f.t.Helper()
	return f.factors.SendTo(f.t.Context(), f.begin(u), n, "en")
}

func TestWhatNobodyEnteredCountsAgainstANumberAndAUser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		count, minutes int
		outcome        string
		shared         bool // the messages were another user's, to the same phone
		unproven       bool // nobody has proven the number yet
		want           twofactor.Limit
	}{
		"four in an hour":                   {4, 30, "expired", false, false, ""},
		"five in an hour":                   {5, 30, "expired", false, false, twofactor.LimitUserHour},
		"five, an hour ago":                 {5, 61, "expired", false, false, ""},
		"ten in a day":                      {10, 300, "expired", false, false, twofactor.LimitUserDay},
		"ten, a day ago":                    {10, 24*60 + 1, "expired", false, false, ""},
		"forty that were entered":           {40, 30, "verified", false, false, ""},
		"a hundred that were entered":       {100, 300, "verified", false, false, twofactor.LimitUserAll},
		"five to a phone that others share": {5, 30, "expired", true, false, ""},
		"ten to a phone that others share":  {10, 300, "expired", true, false, ""},

		"four to an unproven one":           {4, 30, "expired", false, true, ""},
		"five to an unproven one":           {5, 30, "expired", false, true, twofactor.LimitNumberHour},
		"five, an hour ago, unproven":       {5, 61, "expired", false, true, ""},
		"ten to an unproven one":            {10, 300, "expired", false, true, twofactor.LimitNumberDay},
		"ten, a day ago, unproven":          {10, 24*60 + 1, "expired", false, true, ""},
		"five of others to an unproven one": {5, 30, "expired", true, true, twofactor.LimitNumberHour},
		"forty that others entered":         {40, 30, "verified", true, true, ""},
		"nineteen that one user entered":    {19, 30, "verified", false, true, ""},
		"twenty that one user entered":      {20, 30, "verified", false, true, twofactor.LimitUserAll},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			office := f.office("ACME", required)
			has := f.confirmed
			if c.unproven {
				has = f.unconfirmed
			}
			u := has(f.user(office, account.RoleUser), numberA)
			of := u
			if c.shared {
				of = has(f.user(f.office("OTHER", required), account.RoleUser), numberA)
			}
			f.sent(of, numberA, c.count, c.minutes, c.outcome)
			err := f.asks(u)
			if c.want == "" {
				if err != nil {
					t.Errorf("it is refused: %v", err)
				}
				return
			}
			limited(t, err, c.want)
			if n := f.Int("select count(*) from audit_events where action = 'code_not_sent' and detail = $1", c.want); n == 0 {
				t.Error("nobody could find out why")
			}
		})
	}
}

func TestAUserIsCountedOverAllNumbers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	f.sent(u, numberA, 5, 30, "expired")
	f.Exec("update mobile_numbers set number = $1, country = $2", numberB.E164, numberB.Country)
	limited(t, f.asks(u), twofactor.LimitUserHour)

	other := f.user(u.OfficeID, account.RoleUser)
	f.sent(other, numberA, 5, 30, "expired")
	limited(t, f.enrols(other, phone.Number{E164: "+31612345699", Country: "NL"}), twofactor.LimitUserHour)
}

func TestWhatWasNeverSentDoesNotCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	f.sent(u, numberA, 12, 30, "expired")
	f.Exec("update messages set state = 'failed'")
	f.Exec("update sends set state = 'refused', class = 'retry'")
	if err := f.asks(u); err != nil {
		t.Errorf("an hour without a provider locks the user out: %v", err)
	}
}

func TestThreeNewNumbersADay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.user(f.office("ACME", required), account.RoleUser)
	for i := range 4 {
		sess := f.begin(u)
		err := f.factors.SendTo(t.Context(), sess, phone.Number{E164: fmt.Sprintf("+3161234567%d", i), Country: "NL"}, "en")
		f.Exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null where ended_at is null")
		if i < 3 && err != nil {
			t.Fatalf("number %d: %v", i+1, err)
		}
		if i == 3 {
			limited(t, err, twofactor.LimitNumbers)
		}
	}
	// One of the three may be asked for again.
	if err := f.factors.SendTo(t.Context(), f.begin(u), phone.Number{E164: "+31612345671", Country: "NL"},
		"en"); err != nil {
		t.Error(err)
	}
}

func TestAnOfficeHasItsHour(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u := f.user(office, account.RoleUser)
	for i := range 7 {
		number := phone.Number{E164: fmt.Sprintf("+3161234560%d", i), Country: "NL"}
		f.sent(f.user(office, account.RoleUser), number, 7, 30, "verified")
	}
	if err := f.enrols(u, numberA); err != nil {
		t.Fatal(err)
	}
	limited(t, f.enrols(f.user(office, account.RoleUser), numberB), twofactor.LimitOffice)
	// What the office spends on new numbers stops no log-in.
	colleague := f.confirmed(f.user(office, account.RoleUser), numberB)
	if err := f.asks(colleague); err != nil {
		t.Errorf("a colleague's log-in: %v", err)
	}
	// Thirteen users and more have four each.
	for range 4 {
		f.user(office, account.RoleUser)
	}
	if err := f.enrols(u, numberA); err != nil {
		t.Errorf("14 users may send 56: %v", err)
	}
	elsewhere := f.user(f.office("OTHER", required), account.RoleUser)
	if err := f.enrols(elsewhere, phone.Number{E164: "+31612345699", Country: "NL"}); err != nil {
		t.Errorf("another office is stopped with it: %v", err)
	}
}

// A user who enters code after code spends what is the user's own.
func TestWhatOneUserEntersIsNotTheOfficesHour(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	eager := f.confirmed(f.user(office, account.RoleUser), numberA)
	f.sent(eager, numberA, 99, 30, "verified")
	if err := f.enrols(f.user(office, account.RoleUser), numberB); err != nil {
		t.Errorf("a colleague enrols: %v", err)
	}
	if err := f.asks(eager); err != nil {
		t.Errorf("the hundredth of a day: %v", err)
	}
	limited(t, f.asks(eager), twofactor.LimitUserAll)
	// Of what the office may send to new numbers in an hour, one user has a share.
	mover := f.user(office, account.RoleUser)
	for i := range 20 {
		f.sent(mover, phone.Number{E164: fmt.Sprintf("+316123456%02d", i), Country: "NL"}, 1, 30, "verified")
	}
	limited(t, f.enrols(mover, numberB), twofactor.LimitUserAll)
	if err := f.enrols(f.user(office, account.RoleUser), numberB); err != nil {
		t.Errorf("a colleague enrols after who tried twenty: %v", err)
	}
}

func TestCodesGoToTheOfficesCountriesAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u := f.user(office, account.RoleUser)
	american := phone.Number{E164: "+12015550123", Country: "US"}
	limited(t, f.factors.SendTo(t.Context(), f.begin(u), american, "en"), twofactor.LimitCountry)
	f.Exec("update office_countries set country = 'US' where office_id = $1 and country = 'NL'", office)
	if err := f.factors.SendTo(t.Context(), f.begin(u), american, "en"); err != nil {
		t.Error(err)
	}
	limited(t, f.factors.SendTo(t.Context(), f.begin(u), numberA, "en"), twofactor.LimitCountry)
	if err := f.factors.SendTo(t.Context(), f.begin(u), numberB, "en"); err != nil {
		t.Errorf("Belgium, which nobody spoke of: %v", err)
	}
}

// A number that was proven stays good for its user's log-ins, whatever becomes of a list of countries.
func TestNoListOfCountriesStopsALogInToAProvenNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	swede := f.confirmed(f.user(office, account.RoleUser), phone.Number{E164: "+46701234567", Country: "SE"})
	if err := f.asks(swede); err != nil {
		t.Errorf("outside of the office's countries: %v", err)
	}
	f.Exec("delete from office_countries")
	if err := f.asks(f.confirmed(f.user(office, account.RoleUser), numberA)); err != nil {
		t.Errorf("without any country: %v", err)
	}
	limited(t, f.factors.SendTo(t.Context(), f.begin(f.user(office, account.RoleUser)), numberB, "en"),
		twofactor.LimitCountry)
}

// What stands first in the list of countries is counted from confirmed numbers, and one office's crowd does not outvote
// the others.
func TestTheFirstCountriesAreOfConfirmedNumbersTheOwnFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	acme, other, third := f.office("ACME", required), f.office("OTHER", required), f.office("THIRD", required)
	most := func(office int64) string {
		t.Helper()
		list, err := f.factors.MostUsed(t.Context(), office)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(list)
	}
	crowd := func(confirmed bool, countries ...phone.Country) {
		for i, c := range countries {
			for n := range 4 {
				number := phone.Number{E164: fmt.Sprintf("+3712%07d", 10*i+n), Country: c}
				if u := f.user(other, account.RoleUser); confirmed {
					f.confirmed(u, number)
				} else {
					f.unconfirmed(u, number)
				}
			}
		}
	}
	crowd(false, "LV", "LT", "EE", "AL", "AM", "AZ")
	if got := most(acme); got != "[NL BE DE FR GB LU]" {
		t.Errorf("numbers that nobody proved put %s first", got)
	}
	f.confirmed(f.user(acme, account.RoleUser), phone.Number{E164: "+46701234567", Country: "SE"})
	f.confirmed(f.user(acme, account.RoleUser), numberB)
	f.confirmed(f.user(third, account.RoleUser), numberB)
	crowd(true, "LV", "LT")
	if got := most(acme); got != "[BE SE LT LV NL DE]" {
		t.Errorf("ACME's list begins with %s", got)
	}
	if got := most(third); got != "[BE LT LV SE NL DE]" {
		t.Errorf("THIRD's list begins with %s", got)
	}
	if got := most(f.office("NEW", required)); got != "[BE LT LV SE NL DE]" {
		t.Errorf("a new office's list begins with %s", got)
	}
}

func TestARangeThatVerifiesLittleIsStoppedAndLetGo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	victim := f.user(office, account.RoleUser)
	attacker := f.user(office, account.RoleUser)
	neighbour := phone.Number{E164: "+31612399999", Country: "NL"} // the same 100 000 numbers
	f.sent(attacker, neighbour, 24, 120, "expired")
	f.sent(attacker, neighbour, 5, 120, "verified")
	if err := f.enrols(victim, numberA); err != nil {
		t.Fatalf("29 sends stop nothing: %v", err)
	}
	f.sent(attacker, neighbour, 1, 120, "expired")
	f.Exec("delete from challenges where user_id = $1", victim.ID)
	limited(t, f.enrols(victim, numberA), twofactor.LimitPrefix)
	if err := f.asks(f.confirmed(f.user(office, account.RoleUser), numberA)); err != nil {
		t.Errorf("a log-in in the range: %v", err)
	}
	if err := f.enrols(f.user(office, account.RoleUser), numberB); err != nil {
		t.Errorf("another range is stopped with it: %v", err)
	}
	f.Exec("insert into prefix_releases (prefix) values ('+316123')")
	if err := f.enrols(victim, numberA); err != nil {
		t.Errorf("the range was let go: %v", err)
	}
}

// A Monday morning: many of one range have asked, and nobody has had the time to enter anything.
func TestWhatIsStillUnderWaySaysNothingOfARange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	for i := range 40 {
		number := phone.Number{E164: fmt.Sprintf("+316123456%02d", i), Country: "NL"}
		if err := f.enrols(f.user(office, account.RoleUser), number); err != nil {
			t.Fatalf("user %d: %v", i+1, err)
		}
	}
}

func TestSpentMoneyIsSpent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	u := f.confirmed(f.user(office, account.RoleUser), numberA)
	month := "date_trunc('month', now() at time zone 'UTC')::date"
	f.Exec("insert into costs (office_id, month, provider, country, network, sends, cost) values ($1, "+month+
		", 'a', 'NL', '', 3, 9.99), ($1, "+month+" - interval '1 month', 'a', 'NL', '', 3, 100)", office)
	f.Exec("insert into installation (key_fingerprint) values ('x')")
	// Of 9.99, an office or the installation: what stops a new number, and what stops one that is proven.
	for _, c := range []struct {
		table string
		limit twofactor.Limit
	}{{"offices", twofactor.LimitMoney}, {"installation", twofactor.LimitMoneyAll}} {
		for _, cap := range []struct {
			most          string
			novel, proven bool // get their code
		}{{"10", true, true}, {"9.99", false, true}, {"8.33", false, true}, {"8.32", false, false}, {"0", false, false}} {
			f.Exec("update "+c.table+" set money_cap = $1::numeric", cap.most)
			novel := f.user(office, account.RoleUser)
			for _, who := range []struct {
				err  error
				gets bool
			}{{f.enrols(novel, phone.Number{E164: "+31687654321", Country: "NL"}), cap.novel}, {f.asks(u), cap.proven}} {
				if who.gets && who.err != nil {
					t.Errorf("%s, cap %s: %v", c.table, cap.most, who.err)
				} else if !who.gets {
					limited(t, who.err, c.limit)
				}
			}
			f.Exec("update challenges set ended_at = now(), outcome = 'verified', code_ct = null where ended_at is null")
		}
		f.Exec("update " + c.table + " set money_cap = null")
	}
}

// Sixteen log-ins at once of different users who are to prove one phone: five codes go out.
func TestParallelRequestsShareALimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	office := f.office("ACME", required)
	var sessions []session.Session
	for range 16 {
		u := f.user(office, account.RoleUser)
		sess := f.begin(u)
		f.unconfirmed(u, numberA)
		sessions = append(sessions, sess)
	}
	var wg sync.WaitGroup
	for _, sess := range sessions {
		wg.Go(func() { _ = f.factors.SendOnFile(t.Context(), sess, "en") })
	}
	wg.Wait()
	if n := f.Int("select count(*) from messages"); n != 5 {
		t.Errorf("%d messages went to one number", n)
	}
}

func TestResendingCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	u := f.confirmed(f.user(f.office("ACME", required), account.RoleUser), numberA)
	f.sent(u, numberA, 4, 30, "expired")
	sess := f.begin(u)
	f.Exec("update challenges set asked_at = asked_at - interval '31 seconds' where ended_at is null")
	limited(t, f.resend(sess), twofactor.LimitUserHour)
}
