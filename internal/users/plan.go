package users

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/sheet"
)

// More problems of a line of a file.
const (
	Twice       Problem = "twice"        // an earlier line has the same username
	OwnRole     Problem = "own_role"     // a file does not change the role of who imports it
	RoleUnknown Problem = "role_unknown" // no word for a role

	LanguageUnknown Problem = "language_unknown" // none that we speak
	InviteUnknown   Problem = "invite_unknown"   // neither yes nor no
	NumberRefused   Problem = "number_refused"   // see Step.Refusal
	NumberClosed    Problem = "number_closed"    // the office sends no codes to its country
	NumberTaken     Problem = "number_taken"     // another user has it
	NumberTwice     Problem = "number_twice"     // an earlier line has it
	NumberFactor    Problem = "number_factor"    // a user who has a second factor changes their number themselves
)

// Step is what an import would do with one line.
type Step struct {
	Line     int    // in the file
	Username string // canonical; as typed when it is not valid
	UserID   int64  // 0 for a user who is to be made
	Was      Fields // of a user who exists
	Will     Fields
	Language string       // which the user is given; "" leaves it
	Number   phone.Number // which is registered, unconfirmed; zero leaves it
	Invite   bool         // a new user, when it is imported
	Problem  Problem      // "" when the line is good
	Cell     string       // what was typed, when it is in the problem
	Twin     int          // the earlier line, of Twice and NumberTwice
	Refusal  *phone.Refusal
}

// New reports whether the step makes a user.
func (s Step) New() bool { return s.Problem == "" && s.UserID == 0 }

// Changes reports whether the step changes a user.
func (s Step) Changes() bool {
	return s.Problem == "" && s.UserID != 0 && (s.Was != s.Will || s.Language != "" || s.Number != phone.Number{})
}

// Plan is what an import would do. It does nothing while one of its lines is bad.
type Plan struct {
	Steps   []Step
	New     int
	Changed int
	Same    int
	Bad     int
}

// Possible reports whether there is something to do, and nothing that stands in the way.
func (p Plan) Possible() bool { return p.Bad == 0 && p.New+p.Changed > 0 }

// Digest is one for one set of things to do: what was looked at is what is done, or nothing.
func (p Plan) Digest() string {
	h := sha256.New()
	for _, s := range p.Steps {
		fmt.Fprintf(h, "%q %d %q %q %q %q %t\n", s.Username, s.UserID, s.Was, s.Will, s.Language, s.Number, s.Invite)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// File returns the plan's lines as a file that reads as the same plan, in no language.
func (p Plan) File() (string, error) {
	rows := [][]string{slices.Concat(imported[:], taken[:])}
	for _, s := range p.Steps {
		invite := "no"
		if s.Invite {
			invite = "yes"
		}
		rows = append(rows, []string{s.Username, s.Will.Name, s.Will.Email, string(s.Will.Role), s.Language,
			s.Number.E164, invite})
	}
	file, err := sheet.File(",", rows)
	return string(file), err
}

// existing is a user that the office has.
type existing struct {
	id int64
	Fields
	language string
	factors  factor.Set
}

// has is what an office has, as far as lines are judged by it.
type has struct {
	users   map[string]existing // by canonical username
	numbers map[string]int64    // whose a number is
	open    []string            // countries that codes may go to
	country phone.Country       // of a number without a calling code, as in the number field
}

// plan judges the lines of a file for an office, on behalf of actor. An empty cell leaves a user who exists as they
// are; a new user without a role is a user, and one is invited unless the file says no.
func plan(lines []Line, office has, actor account.User) Plan {
	var p Plan
	seen, numbers := map[string]int{}, map[phone.Number]int{}
	for _, line := range lines {
		step := judge(line, office, actor)
		if twin, ok := seen[step.Username]; ok && step.Problem == "" {
			step.Problem, step.Twin = Twice, twin
		}
		if _, ok := seen[step.Username]; !ok {
			seen[step.Username] = line.Number
		}
		if (step.Number != phone.Number{}) {
			if twin, ok := numbers[step.Number]; ok && step.Problem == "" {
				step.Problem, step.Twin, step.Cell = NumberTwice, twin, short(line.Mobile)
			}
			numbers[step.Number] = line.Number
		}
		switch {
		case step.Problem != "":
			p.Bad++
		case step.New():
			p.New++
		case step.Changes():
			p.Changed++
		default:
			p.Same++
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}

func judge(line Line, office has, actor account.User) Step {
	username := account.CanonicalUsername(line.Username)
	step := Step{Line: line.Number, Username: username}
	was, exists := existing{}, false
	for _, form := range account.LookUp(line.Username) {
		if was, exists = office.users[form]; exists {
			step.Username = form
			break
		}
	}
	if exists {
		step.UserID, step.Was, step.Will = was.id, was.Fields, was.Fields
	} else {
		step.Will.Role, step.Invite = account.RoleUser, true
	}
	if !account.ValidUsername(username) {
		step.Username, step.Problem, step.Cell = short(line.Username), BadUsername, short(line.Username)
		return step
	}
	if line.Name != "" {
		step.Will.Name = line.Name
	}
	if line.Email != "" {
		step.Will.Email = line.Email
	}
	if line.Role != "" {
		role, ok := parseRole(line.Role)
		if !ok {
			step.Problem, step.Cell = RoleUnknown, short(line.Role)
			return step
		}
		step.Will.Role = role
	}
	step.Will = step.Will.clean()
	if exists {
		step.Problem = step.Will.problems(actor.Role).first()
	} else {
		step.Problem = newProblems(username, step.Will, actor.Role).first()
	}
	if step.Problem == "" {
		step.Will = step.Will.keep(step.Was)
	}
	if step.Problem == "" && step.UserID == actor.ID && step.Will.Role != step.Was.Role {
		step.Problem = OwnRole
	}
	switch step.Problem {
	case BadEmail:
		step.Cell = short(step.Will.Email)
	case BadName:
		step.Cell = short(step.Will.Name)
	}
	for _, read := range []func(*Step, Line, existing, has){readLanguage, readInvite, readNumber} {
		if step.Problem == "" {
			read(&step, line, was, office)
		}
	}
	return step
}

func readLanguage(step *Step, line Line, was existing, _ has) {
	if line.Language == "" {
		return
	}
	language, ok := parseLanguage(line.Language)
	if !ok {
		step.Problem, step.Cell = LanguageUnknown, short(line.Language)
	} else if language != was.language {
		step.Language = language
	}
}

func readInvite(step *Step, line Line, _ existing, _ has) {
	if line.Invite == "" {
		return
	}
	yes, ok := parseYes(line.Invite)
	if !ok {
		step.Problem, step.Cell = InviteUnknown, short(line.Invite)
	}
	step.Invite = step.UserID == 0 && yes
}

// readNumber reads a number as the number field does. One that the user has already is left, confirmed or not.
func readNumber(step *Step, line Line, was existing, office has) {
	if line.Mobile == "" {
		return
	}
	step.Cell = short(line.Mobile)
	number, err := phone.Parse(line.Mobile, office.country)
	if err != nil {
		_ = errors.As(err, &step.Refusal)
		step.Problem = NumberRefused
		return
	}
	if present := was.factors.Number(); present != nil && present.E164 == number.E164 {
		step.Cell = ""
		return
	}
	switch holder, held := office.numbers[number.E164]; {
	case was.factors.HasFactor():
		step.Problem = NumberFactor
	case held && holder != step.UserID:
		step.Problem = NumberTaken
	case !slices.Contains(office.open, string(number.Country)):
		step.Problem, step.Refusal = NumberClosed, &phone.Refusal{Country: number.Country}
	default:
		step.Number, step.Cell = number, ""
	}
}
