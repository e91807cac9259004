package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// PageSize is how many people one page of the list has.
const PageSize = 50

// State is how a user stands: the first of States that applies.
type State string

// The states, as the view user_readiness has them.
const (
	Disabled    State = "disabled"
	Ready       State = "ready"       // has a second factor
	Exempt      State = "exempt"      // is spared it for a while
	SSO         State = "sso"         // the office's provider proves it, and is trusted for that
	Unconfirmed State = "unconfirmed" // a number, which they have not confirmed
	None        State = "none"        // a password, and no second factor
	Invited     State = "invited"     // no password yet, and a link that sets it
	Expired     State = "expired"     // no password yet, and no such link
)

// States are all of them, from who is in to who is out.
func States() []State {
	return []State{Ready, SSO, Exempt, Unconfirmed, None, Invited, Expired, Disabled}
}

// Finding is why a user may not get in.
type Finding string

// The findings. Those of the view, and two that only Go knows: BadKind and NearLimit.
const (
	UnconfirmedLong   Finding = "unconfirmed_long"   // a number, not confirmed for 30 days
	ClosedCountry     Finding = "closed_country"     // a number to confirm, in a country that codes may not go to
	StoppedRange      Finding = "stopped_range"      // a number to confirm, in a range that gets no codes now
	BadKind           Finding = "bad_kind"           // a number to confirm, of a kind that gets no texts
	Shared            Finding = "shared"             // another user of the office has the same number
	InvitationExpired Finding = "invitation_expired" // no password, and no link that sets it
	NoEmail           Finding = "no_email"           // no address for a link or a reminder
	SSORefused        Finding = "sso_refused"        // signs in by a provider that the policy refuses
	AppAlone          Finding = "app_alone"          // an app, and nothing beside it
	LastCode          Finding = "last_code"          // all recovery codes are used
	NearLimit         Finding = "limit"              // of the messages of an hour or a day few are left
)

// Findings are all of them, the likeliest to keep somebody out first.
func Findings() []Finding {
	return []Finding{InvitationExpired, NoEmail, SSORefused, BadKind, ClosedCountry, StoppedRange, UnconfirmedLong, Shared,
		NearLimit, AppAlone, LastCode}
}

// The other lists that can be shown: those of the switch's question, whose counts they are, and two that gather.
const (
	All        = ""         // everybody
	AtRisk     = "at_risk"  // everybody with a finding
	ToDo       = "to_do"    // everybody who has still something to do
	WithNumber = "number"   // who may log in, has no second factor, and has a number to confirm
	NoMethod   = "nothing"  // who may log in, has no second factor, and no number either
	BySSO      = "provider" // everybody enabled who is linked to the office's provider
)

// Person is a user of an office on the way to two factors.
type Person struct {
	account.User
	Email    string
	State    State
	Findings []Finding
	Number   string // masked; "" without one
	Country  phone.Country
	LastAt   time.Time // of the last completed log-in; zero before the first
	LastBy   string    // what proved its second factor, "" for the password alone

	linked, number bool
}

// in reports whether the person is on a list: a state's, a finding's or another.
func (p Person) in(list string) bool {
	open := p.State != Disabled && p.State != Ready
	switch list {
	case All:
		return true
	case AtRisk:
		return len(p.Findings) > 0
	case ToDo:
		return open && p.State != SSO && p.State != Exempt
	case WithNumber:
		return open && p.number
	case NoMethod:
		return open && !p.number
	case BySSO:
		return p.linked && p.State != Disabled
	}
	return string(p.State) == list || slices.Contains(p.Findings, Finding(list))
}

// Lists are the names of all lists but All.
func Lists() []string {
	all := []string{AtRisk, ToDo, WithNumber, NoMethod, BySSO}
	for _, s := range States() {
		all = append(all, string(s))
	}
	for _, f := range Findings() {
		all = append(all, string(f))
	}
	return all
}

// Search is what of an office's people is shown.
type Search struct {
	List string // one of Lists, or All; what is none is All
	Text string // in names and usernames
	Sort Sort
	Page int // from 1
}

// Sort is an order of the list.
type Sort string

// The orders. Whoever stands alike is ordered by name.
const (
	ByName  Sort = "name"
	ByState Sort = "state"
	ByLast  Sort = "last" // who never logged in, or longest ago, first
)

// Sorts are all of them.
func Sorts() []Sort { return []Sort{ByName, ByState, ByLast} }

// Listing is a page of an office's people.
type Listing struct {
	Search
	People []Person
	Found  int            // on all pages
	Total  int            // of the office
	Counts map[string]int // of each list
	Money  bool           // the money for messages of this month is nearly spent
	found  []Person
}

// Pages is how many pages there are, at least one.
func (l Listing) Pages() int { return max(1, (l.Found+PageSize-1)/PageSize) }

// Enabled is how many users may log in.
func (l Listing) Enabled() int { return l.Total - l.Counts[string(Disabled)] }

// People returns a page of how an office's users stand, for its superuser. A page that does not exist is the first.
// It returns fault.Forbidden.
func (s *Service) People(ctx context.Context, sess session.Session, search Search) (Listing, error) {
	if !sess.User.Role.ManagesOffice() {
		return Listing{}, fault.Forbidden
	}
	list, err := s.people(ctx, s.pool, sess.User.OfficeID, search)
	if err != nil {
		return Listing{}, err
	}
	if list.Money, err = s.q.ReadinessMoney(ctx, s.pool, sess.User.OfficeID); err != nil {
		return Listing{}, fmt.Errorf("look at the money of office %d: %w", sess.User.OfficeID, err)
	}
	first := (list.Page - 1) * PageSize
	if list.Page < 1 || first >= list.Found {
		list.Page, first = 1, 0
	}
	list.People = list.found[first:min(first+PageSize, list.Found)]
	return list, nil
}

// people reads all, and finds those of the search.
func (s *Service) people(ctx context.Context, from dbsqlc.DBTX, officeID int64, search Search) (Listing, error) {
	rows, err := s.q.ReadinessList(ctx, from, officeID)
	if err != nil {
		return Listing{}, fmt.Errorf("list who of office %d is ready: %w", officeID, err)
	}
	search.Text = typed.Line(search.Text)
	lists := Lists()
	if !slices.Contains(lists, search.List) {
		search.List = All
	}
	if !slices.Contains(Sorts(), search.Sort) {
		search.Sort = ByName
	}
	list := Listing{Search: search, Total: len(rows), Counts: map[string]int{}}
	text := strings.ToLower(search.Text)
	for _, r := range rows {
		p := person(officeID, r)
		for _, name := range lists {
			if p.in(name) {
				list.Counts[name]++
			}
		}
		named := strings.Contains(strings.ToLower(typed.Line(p.Name)), text) || strings.Contains(p.Username, text)
		if named && p.in(search.List) {
			list.found = append(list.found, p)
		}
	}
	list.Found = len(list.found)
	slices.SortStableFunc(list.found, search.Sort.compare)
	return list, nil
}

func (s Sort) compare(a, b Person) int {
	switch s {
	case ByState:
		return cmp.Compare(slices.Index(States(), b.State), slices.Index(States(), a.State))
	case ByLast:
		return a.LastAt.Compare(b.LastAt)
	}
	return 0 // as they were read
}

// person adds to a row what only Go knows.
func person(officeID int64, r dbsqlc.ReadinessListRow) Person {
	p := Person{
		User: account.User{
			ID: r.UserID, OfficeID: officeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role),
		},
		Email: r.Email, State: State(r.State), Country: phone.Country(r.Country), LastAt: r.LastAt, LastBy: r.LastBy,
		linked: r.Linked, number: r.Number != "",
	}
	if p.number {
		p.Number = phone.Masked(r.Number)
	}
	found := func(f Finding) bool {
		needs := p.State != Disabled && p.State != Exempt
		switch f {
		case BadKind:
			// Who has proven a number gets texts there, whatever a table says.
			return needs && p.number && !r.Confirmed && p.State != Ready && badKind(r.Number, p.Country)
		case NearLimit:
			return needs && twofactor.Near(r.BudgetProven, int(r.SentHour), int(r.SentDay), int(r.SentInAll))
		}
		return slices.Contains(r.Findings, string(f))
	}
	for _, f := range Findings() {
		if found(f) {
			p.Findings = append(p.Findings, f)
		}
	}
	return p
}

// badKind reports whether a number is of a kind that gets no texts.
func badKind(number string, country phone.Country) bool {
	_, err := phone.ParseSure(number, country)
	var refused *phone.Refusal
	return errors.As(err, &refused)
}

// Summary is how far an office is.
type Summary struct {
	Users int  // who may log in
	Ready int  // by a factor of theirs, or their office's provider
	ToDo  int  // who has still something to do; those who are exempt have not
	Dated bool // a date is set, or was and has come
}

// Summary returns how far an office is.
func (s *Service) Summary(ctx context.Context, officeID int64) (Summary, error) {
	r, err := s.q.ReadinessSummary(ctx, s.pool, officeID)
	if err != nil {
		return Summary{}, fmt.Errorf("ask how far office %d is: %w", officeID, err)
	}
	return Summary{Users: int(r.Users), Ready: int(r.Ready), ToDo: int(r.ToDo), Dated: r.Dated}, nil
}

// Leads reports whether a superuser's log-in leads to the list: an office that set a date sees to it until all are
// ready. One that turned its switch alone is led nowhere else than before.
func (s *Service) Leads(ctx context.Context, officeID int64) (bool, error) {
	far, err := s.Summary(ctx, officeID)
	return far.Dated && far.ToDo > 0, err
}

// Sweep is what a switch's activation ends, or asks a second factor of.
type Sweep struct {
	Sessions     int // of the password alone
	Trusted      int // browsers
	Applications int // opened from these sessions
}

// Sweep counts it for an office, whose exempt users it leaves alone.
func (s *Service) Sweep(ctx context.Context, officeID int64) (Sweep, error) {
	r, err := s.q.SweepCounts(ctx, s.pool, officeID)
	if err != nil {
		return Sweep{}, fmt.Errorf("count what office %d would sweep: %w", officeID, err)
	}
	return Sweep{Sessions: int(r.Sessions), Trusted: int(r.Trusted), Applications: int(r.Applications)}, nil
}
