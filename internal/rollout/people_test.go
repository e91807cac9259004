package rollout_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/rollout"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

// people is an office whose users' state is changed by the acts of the product, as far as it has them.
type people struct {
	*reminded
	offices *office.Service
	factors *twofactor.Service
	roster  *users.Service
	boss    session.Session
	made    int
}

func newPeople(t testing.TB) *people {
	t.Helper()
	f := &people{reminded: newReminded(t)}
	log := factory.AuditLog()
	ways := account.NewWays(mail.NewQueue(f.ring, noJobs{}), f.sessions, log)
	f.offices = office.New(f.pool, ways, log, "vonage")
	f.factors = twofactor.New(f.pool, f.ring, f.sessions, factory.Outbox{}, ways, log, nil, "Nightlatch")
	f.roster = users.New(f.pool, f.sessions, ways, f.factors, log)
	token := session.NewToken()
	factory.Session(t, f.pool, f.user("boss"), factory.SessionOpts{TokenHash: token.Hash(), Factors: []string{"sms"}})
	var err error
	if f.boss, err = f.sessions.Load(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *people) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// list is a list as the superuser sees it.
func (f *people) list(search rollout.Search) rollout.Listing {
	f.t.Helper()
	list, err := f.People(f.t.Context(), f.boss, search)
	f.must(err)
	return list
}

// person is how a user stands.
func (f *people) person(name string) rollout.Person {
	f.t.Helper()
	list := f.list(rollout.Search{Text: name})
	i := slices.IndexFunc(list.People, func(p rollout.Person) bool { return p.Username == name })
	if i < 0 {
		f.t.Fatalf("%s is on no list", name)
	}
	return list.People[i]
}

// invited makes a user by the act of a superuser, who has an invitation.
func (f *people) invited() string {
	f.t.Helper()
	f.made++
	name := fmt.Sprint("new", f.made)
	id, err := f.roster.Add(f.t.Context(), f.boss, client, name, users.Fields{
		Name: "New " + name, Email: name + "@acme.example", Role: account.RoleUser,
	})
	f.must(err)
	_, err = f.roster.InviteAgain(f.t.Context(), f.boss, client, []int64{id})
	f.must(err)
	return name
}

// joined makes one who has set a password.
func (f *people) joined() string {
	f.t.Helper()
	name := f.invited()
	f.Exec("update users set password_hash = 'x', grace_until = now() where username = $1", name)
	return name
}

// number is one that nobody has.
func (f *people) number() phone.Number {
	f.made++
	return phone.Number{E164: fmt.Sprintf("+316123%05d", f.made), Country: "NL"}
}

func (f *people) register(name string, n phone.Number) {
	f.t.Helper()
	f.must(f.factors.RegisterNumber(f.t.Context(), f.boss, client, f.user(name), n))
}

// app gives a user an app with as many recovery codes that are left, and one that is used.
func (f *people) app(name string, left int, used bool) {
	f.t.Helper()
	factory.Authenticator(f.t, f.pool, f.user(name), nil)
	for i := range left {
		factory.RecoveryCode(f.t, f.pool, f.user(name), fmt.Sprint(name, i))
	}
	if used {
		code := factory.RecoveryCode(f.t, f.pool, f.user(name), name+"used")
		f.Exec("update recovery_codes set used_at = now() where id = $1", code.ID)
	}
}

func (f *people) provider(policy string) {
	f.t.Helper()
	f.Exec(`insert into sso_providers (office_id, issuer, client_id, secret_ct, policy)
		values ($1, 'https://idp.example', 'c', 'x', $2) on conflict (office_id) do update set policy = $2`, f.office, policy)
}

func (f *people) linked(name string) {
	f.t.Helper()
	f.Exec(`insert into sso_identities (office_id, user_id, issuer, subject) values ($1, $2, 'https://idp.example', $3)`,
		f.office, f.user(name), name)
}

// stopped stops the range of a number: thirty messages to it, of which none was entered.
func (f *people) stopped(n phone.Number) {
	f.t.Helper()
	sess := factory.Session(f.t, f.pool, f.user("ann"), factory.SessionOpts{Age: 2 * time.Hour})
	for range 30 {
		c := factory.Challenge(f.t, f.pool, sess.ID, factory.ChallengeOpts{
			Purpose: "enrol", Number: n.E164, Age: time.Hour, Outcome: "expired",
		})
		factory.Message(f.t, f.pool, c.ID, factory.MessageOpts{State: "delivered", Age: time.Hour})
	}
}

// Each finding comes with what brings it, is on its list, and goes with what the page says to do about it.
func TestEachFindingGoesWithWhatIsDoneAboutIt(t *testing.T) {
	t.Parallel()
	f := newPeople(t)
	ctx := t.Context()
	another := func(name string) { f.register(name, f.number()) }
	var stopped phone.Number
	for _, row := range []struct {
		finding rollout.Finding
		begin   func() string
		come    func(name string)
		remedy  func(name string)
	}{
		{rollout.InvitationExpired, f.invited, func(string) {
			f.Exec(`update one_time_links set created_at = now() - interval '40 days', expires_at = now()`)
		}, func(name string) {
			n, err := f.roster.InviteAgain(ctx, f.boss, client, []int64{f.user(name)})
			if f.must(err); n != 1 {
				t.Errorf("%d invited", n)
			}
		}},
		{rollout.NoEmail, f.joined, func(name string) {
			f.Exec("update users set email = '' where username = $1", name)
		}, func(name string) {
			f.must(f.roster.Change(ctx, f.boss, client, f.user(name), users.Fields{
				Name: name, Email: name + "@acme.example", Role: account.RoleUser,
			}))
		}},
		{rollout.SSORefused, f.joined, func(name string) { f.provider("refuse"); f.linked(name) },
			func(string) { f.provider("ask") }},
		{rollout.BadKind, f.joined, func(name string) {
			f.register(name, phone.Number{E164: "+31201234567", Country: "NL"})
		}, another},
		{rollout.ClosedCountry, func() string {
			name := f.joined()
			f.must(f.offices.AllowCountry(ctx, f.boss, client, "AT", true))
			f.register(name, phone.Number{E164: "+4366412345678", Country: "AT"})
			return name
		}, func(string) {
			f.must(f.offices.AllowCountry(ctx, f.boss, client, "AT", false))
		}, func(string) {
			f.must(f.offices.AllowCountry(ctx, f.boss, client, "AT", true))
		}},
		{rollout.StoppedRange, f.joined, func(name string) {
			stopped = phone.Number{E164: "+31687654321", Country: "NL"}
			f.register(name, stopped)
			f.stopped(stopped)
		}, another},
		{rollout.UnconfirmedLong, func() string { name := f.joined(); another(name); return name }, func(name string) {
			f.Exec("update mobile_numbers set registered_at = now() - interval '30 days' where user_id = $1", f.user(name))
		}, another},
		{rollout.Shared, func() string { name := f.joined(); another(name); return name }, func(name string) {
			// No act gives two users one number any more; files of before did.
			f.Exec(`insert into mobile_numbers (user_id, number, country) select $1, number, country from mobile_numbers
				where user_id = $2`, f.user(f.joined()), f.user(name))
		}, another},
		{rollout.NearLimit, f.joined, func(name string) {
			f.Exec("update users set budgets_since = now() - interval '1 day' where username = $1", name)
			sess := factory.Session(t, f.pool, f.user(name), factory.SessionOpts{Age: 3 * time.Hour})
			for i := range 8 {
				c := factory.Challenge(t, f.pool, sess.ID, factory.ChallengeOpts{
					Age: time.Duration(i+61) * time.Minute, Outcome: "expired",
				})
				factory.Message(t, f.pool, c.ID, factory.MessageOpts{State: "delivered", Age: time.Duration(i+61) * time.Minute})
			}
		}, func(name string) { f.must(f.offices.Exempt(ctx, f.boss, client, name, "no phone", 7)) }},
		{rollout.AppAlone, f.joined, func(name string) { f.app(name, 0, false) }, func(name string) {
			factory.RecoveryCode(t, f.pool, f.user(name), name)
		}},
		{rollout.LastCode, f.joined, func(name string) {
			factory.Number(t, f.pool, f.user(name), factory.NumberOpts{Number: f.number().E164})
			f.app(name, 0, true)
		}, func(name string) { factory.RecoveryCode(t, f.pool, f.user(name), name) }},
	} {
		name := row.begin()
		on := func() bool {
			p := f.person(name)
			listed := slices.ContainsFunc(f.list(rollout.Search{List: string(row.finding)}).People,
				func(p rollout.Person) bool { return p.Username == name })
			has := slices.Contains(p.Findings, row.finding)
			if listed != has {
				t.Errorf("%s: has it: %v, is on its list: %v", row.finding, has, listed)
			}
			return has
		}
		if on() {
			t.Errorf("%s is there before it comes", row.finding)
		}
		row.come(name)
		if !on() {
			t.Errorf("%s did not come: %+v", row.finding, f.person(name))
		}
		row.remedy(name)
		if on() {
			t.Errorf("%s stays after what is to be done: %+v", row.finding, f.person(name))
		}
	}
}

// Whatever is done to whomever, in whatever order: everybody has one state, each list is as long as its count, the
// counts of the switch's question are the lists that they lead to, and who is demanded nothing is exempt.
func TestEveryListIsAsLongAsItsCount(t *testing.T) {
	t.Parallel()
	f := newPeople(t)
	ctx := t.Context()
	random := rand.New(rand.NewPCG(7, 31))
	f.provider("refuse")
	f.Exec("update offices set two_factor_required = true")
	names := []string{"ann", "otto"}
	acts := []struct {
		name string
		do   func(name string) error
	}{
		{"make", func(string) error { names = append(names, f.invited()); return nil }},
		{"join", func(string) error { names = append(names, f.joined()); return nil }},
		{"register", func(name string) error {
			return f.factors.RegisterNumber(ctx, f.boss, client, f.user(name), f.number())
		}},
		{"register alike", func(name string) error {
			n := phone.Number{E164: "+31612312312", Country: "NL"}
			return f.factors.RegisterNumber(ctx, f.boss, client, f.user(name), n)
		}},
		{"confirm", func(name string) error {
			f.Exec("update mobile_numbers set confirmed_at = now() where user_id = $1", f.user(name))
			return nil
		}},
		{"app", func(name string) error {
			f.Exec("delete from authenticators where user_id = $1", f.user(name))
			f.Exec("delete from recovery_codes where user_id = $1", f.user(name))
			f.app(name, random.IntN(2), random.IntN(2) == 0)
			return nil
		}},
		{"reset", func(name string) error {
			_, err := f.factors.Reset(ctx, f.boss, client, f.user(name))
			return err
		}},
		{"exempt", func(name string) error { return f.offices.Exempt(ctx, f.boss, client, name, "no phone", 7) }},
		{"disable", func(name string) error { return f.roster.Disable(ctx, f.boss, client, f.user(name)) }},
		{"enable", func(name string) error { return f.roster.Enable(ctx, f.boss, client, f.user(name)) }},
		{"link", func(name string) error {
			f.Exec("delete from sso_identities where user_id = $1", f.user(name))
			f.linked(name)
			return nil
		}},
		{"policy", func(string) error { f.provider([]string{"refuse", "trust", "ask"}[random.IntN(3)]); return nil }},
		{"a month goes by", func(string) error {
			f.Exec("update mobile_numbers set registered_at = registered_at - interval '30 days'")
			f.Exec("update one_time_links set created_at = created_at - interval '30 days', expires_at = now()")
			return nil
		}},
	}
	var story []string
	for range 120 {
		act, name := acts[random.IntN(len(acts))], names[random.IntN(len(names))]
		err := act.do(name)
		story = append(story, fmt.Sprint(act.name, " ", name, " ", err))
		f.checkLists(story)
		if t.Failed() {
			return
		}
	}
	seen := f.list(rollout.Search{})
	for _, state := range rollout.States() {
		if seen.Counts[string(state)] == 0 && !strings.Contains(strings.Join(story, "\n"), "policy") {
			t.Errorf("nobody is %s: the acts reach too little", state)
		}
	}
}

func (f *people) checkLists(story []string) {
	f.t.Helper()
	all := f.list(rollout.Search{})
	sum, tail := 0, strings.Join(story[max(0, len(story)-12):], "\n")
	for _, state := range rollout.States() {
		sum += all.Counts[string(state)]
	}
	if sum != all.Total || all.Total != f.Int("select count(*) from users where office_id = $1", f.office) {
		f.t.Errorf("the states have %d of %d users\n%s", sum, all.Total, tail)
	}
	lists := rollout.Lists()
	for _, name := range []string{lists[len(story)%len(lists)], lists[(len(story)*7+3)%len(lists)]} {
		if list := f.list(rollout.Search{List: name}); list.Found != all.Counts[name] {
			f.t.Errorf("%s has %d, and counts %d\n%s", name, list.Found, all.Counts[name], tail)
		}
	}
	asked, err := f.offices.Preflight(f.t.Context(), f.office)
	f.must(err)
	if asked.Ready != all.Counts[string(rollout.Ready)] || asked.Unconfirmed != all.Counts[rollout.WithNumber] ||
		asked.Without != all.Counts[rollout.NoMethod] || asked.SSO != all.Counts[rollout.BySSO] ||
		asked.Users != all.Enabled() {
		f.t.Errorf("the question counts %+v, the lists %+v\n%s", asked, all.Counts, tail)
	}
	far, err := f.Summary(f.t.Context(), f.office)
	f.must(err)
	if far.Users != all.Enabled() || far.ToDo != all.Counts[rollout.ToDo] ||
		far.Ready != all.Counts[string(rollout.Ready)]+all.Counts[string(rollout.SSO)] {
		f.t.Errorf("the summary is %+v, the lists %+v\n%s", far, all.Counts, tail)
	}
	for _, p := range all.People {
		spared := f.Text("select second_factor_demanded(office_id, id, now())::text from users where id = $1", p.ID) != "true"
		if p.State != rollout.Disabled && p.State != rollout.Ready && spared != (p.State == rollout.Exempt) {
			f.t.Errorf("%s is %s, and is spared: %v\n%s", p.Username, p.State, spared, tail)
		}
		if p.State == rollout.Disabled && len(p.Findings) > 0 {
			f.t.Errorf("%s is disabled, and has %v\n%s", p.Username, p.Findings, tail)
		}
	}
}

// Who has a second factor and no way beside it is reminded of that, once a day, and nobody else who is ready.
func TestWhoHasNoSecondWayIsRemindedOfOne(t *testing.T) {
	t.Parallel()
	f := newPeople(t)
	alone, used, safe := f.joined(), f.joined(), f.joined()
	f.app(alone, 0, false)
	factory.Number(t, f.pool, f.user(used), factory.NumberOpts{Number: f.number().E164})
	f.app(used, 0, true)
	f.app(safe, 1, false)
	ids := []int64{f.user(alone), f.user(used), f.user(safe)}
	for _, want := range []int{2, 0} {
		if n, err := f.Remind(t.Context(), f.boss, client, ids); err != nil || n != want {
			t.Errorf("%d are reminded, %v; want %d", n, err, want)
		}
	}
	got := f.Text(`select string_agg(u.username, ' ' order by u.username) from mails m join users u on u.id = m.user_id
		where m.kind = 'second_way'`)
	if got != alone+" "+used {
		t.Errorf("mails to %s", got)
	}
	if n := f.Int("select count(*) from audit_events where action = 'user_reminded' and detail = 'second_way'"); n != 2 {
		t.Errorf("%d events", n)
	}
}

// A page has fifty, in the order that is asked for; a search finds names and usernames; nobody else's office shows.
func TestPeopleAreSearchedSortedAndPaged(t *testing.T) {
	t.Parallel()
	f := newPeople(t)
	other := factory.Office(t, f.pool, factory.OfficeOpts{Code: "OTHER"}).ID
	factory.User(t, f.pool, other, factory.UserOpts{Username: "stranger"})
	for i := range 60 {
		factory.User(t, f.pool, f.office, factory.UserOpts{
			Username: fmt.Sprintf("u%02d", i), Name: fmt.Sprintf("Ünal %02d", i),
		})
	}
	all := f.list(rollout.Search{Page: 2})
	if all.Total != 63 || all.Pages() != 2 || len(all.People) != 13 || all.Page != 2 {
		t.Errorf("%d in all, %d pages, %d on page %d", all.Total, all.Pages(), len(all.People), all.Page)
	}
	for _, page := range []int{-1, 0, 3, 1 << 40} {
		if list := f.list(rollout.Search{Page: page, List: "nonsense", Sort: "nonsense"}); list.Page != 1 ||
			len(list.People) != 50 || list.List != rollout.All || list.Sort != rollout.ByName {
			t.Errorf("page %d: %d people on page %d", page, len(list.People), list.Page)
		}
	}
	if list := f.list(rollout.Search{Text: "ÜNAL 1"}); list.Found != 10 {
		t.Errorf("%d are found", list.Found)
	}
	if list := f.list(rollout.Search{Text: "stranger"}); list.Found != 0 {
		t.Error("another office shows")
	}
	factory.AuditEvent(t, f.pool, time.Hour, f.boss.Event("signed_in", client))
	if list := f.list(rollout.Search{Sort: rollout.ByLast, Page: 2}); list.People[12].Username != "boss" {
		t.Errorf("the last is %s", list.People[12].Username)
	}
	if list := f.list(rollout.Search{Sort: rollout.ByState}); list.People[0].State == rollout.Ready {
		t.Error("who is ready is first")
	}
	ann := f.boss
	ann.User.Role = account.RoleAccountant
	if _, err := f.People(t.Context(), ann, rollout.Search{}); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an accountant: %v", err)
	}
	if _, err := f.Found(t.Context(), ann, rollout.Search{}); !errors.Is(err, fault.Forbidden) {
		t.Errorf("an accountant: %v", err)
	}
}

// The file has the people who were chosen and no other's, no number, and is written down.
func TestTheFileOfPeopleHasNoNumberAndIsWrittenDown(t *testing.T) {
	t.Parallel()
	f := newPeople(t)
	factory.Number(t, f.pool, f.user("otto"), factory.NumberOpts{Unconfirmed: true, Number: "+31612399999"})
	other := factory.Office(t, f.pool, factory.OfficeOpts{Code: "OTHER"}).ID
	stranger := factory.User(t, f.pool, other, factory.UserOpts{Username: "stranger"})
	ids := []int64{f.user("otto"), f.user("ann"), stranger.ID, 1 << 50}
	for language, word := range map[string]string{"en": "number not confirmed", "nl": "nummer niet bevestigd"} {
		by := client
		by.Language = language
		file, err := f.Export(t.Context(), f.boss, by, ids)
		f.must(err)
		text := string(file)
		if strings.Count(text, "\r\n") != 3 || !strings.Contains(text, word) || strings.Contains(text, "99999") ||
			strings.Contains(text, "stranger") || strings.Contains(text, "boss") {
			t.Errorf("%s", text)
		}
	}
	if n := f.Int("select count(*) from audit_events where action = 'readiness_exported' and detail = '2'"); n != 2 {
		t.Errorf("%d events", n)
	}
	stale := f.boss
	stale.SecondFactorAt = time.Now().Add(-time.Hour)
	stale.PasswordAt = stale.SecondFactorAt
	if _, err := f.Export(t.Context(), stale, client, ids); !errors.Is(err, fault.StepUpRequired) {
		t.Errorf("without a step-up: %v", err)
	}
}
