package users

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/nightlatch/nightlatch/internal/account"
)

// More problems of a line of a file.
const (
	Twice       Problem = "twice"        // an earlier line has the same username
	OwnRole     Problem = "own_role"     // a file does not change the role of who imports it
	RoleUnknown Problem = "role_unknown" // no word for a role
)

// Step is what an import would do with one line.
type Step struct {
	Number   int    // the line in the file
	Username string // canonical; as typed when it is not valid
	UserID   int64  // 0 for a user who is to be made
	Was      Fields // of a user who exists
	Will     Fields
	Problem  Problem // "" when the line is good
	Cell     string  // what was typed, when it is in the problem
	Twin     int     // the earlier line, of Twice
}

// New reports whether the step makes a user.
func (s Step) New() bool { return s.Problem == "" && s.UserID == 0 }

// Changes reports whether the step changes a user.
func (s Step) Changes() bool { return s.Problem == "" && s.UserID != 0 && s.Was != s.Will }

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
		fmt.Fprintf(h, "%q %d %q %q\n", s.Username, s.UserID, s.Was, s.Will)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// File returns the plan's lines as a file that reads as the same plan, in no language.
func (p Plan) File() (string, error) {
	rows := [][]string{imported[:]}
	for _, s := range p.Steps {
		rows = append(rows, []string{s.Username, s.Will.Name, s.Will.Email, string(s.Will.Role)})
	}
	file, err := write(",", rows)
	return string(file), err
}

// existing is a user that the office has.
type existing struct {
	id int64
	Fields
}

// plan judges the lines of a file for an office with these users, by canonical username, on behalf of actor.
// An empty cell leaves a user who exists as they are; a new user without a role is a user.
func plan(lines []Line, users map[string]existing, actor account.User) Plan {
	var p Plan
	seen := map[string]int{}
	for _, line := range lines {
		step := judge(line, users, actor)
		if twin, ok := seen[step.Username]; ok && step.Problem == "" {
			step.Problem, step.Twin = Twice, twin
		}
		if _, ok := seen[step.Username]; !ok {
			seen[step.Username] = line.Number
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

func judge(line Line, users map[string]existing, actor account.User) Step {
	username := account.CanonicalUsername(line.Username)
	step := Step{Number: line.Number, Username: username}
	was, exists := existing{}, false
	for _, form := range account.LookUp(line.Username) {
		if was, exists = users[form]; exists {
			step.Username = form
			break
		}
	}
	if exists {
		step.UserID, step.Was, step.Will = was.id, was.Fields, was.Fields
	} else {
		step.Will.Role = account.RoleUser
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
	return step
}
