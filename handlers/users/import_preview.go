package users

import (
	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

func (s *Screens) preview(c echo.Context, lines []users.Line, problem string) error {
	plan, err := s.users.Plan(c.Request().Context(), web.CurrentSession(c), lines)
	if err != nil {
		return err
	}
	view := &pages.ImportPreview{
		New: plan.New, Changed: plan.Changed, Same: plan.Same, Bad: plan.Bad, Possible: plan.Possible(),
		Digest:  plan.Digest(),
		CanMail: s.users.CanMail(),
	}
	for _, step := range plan.Steps {
		if view.Possible { // else bad lines alone are shown
			view.Numbers = view.Numbers || step.Number != (phone.Number{})
			view.Languages = view.Languages || step.Language != ""
		}
		if view.Possible && view.CanMail && step.Invite {
			view.Invites++
		}
		if plan.Bad > 0 && step.Problem == "" || plan.Bad == 0 && !step.New() && !step.Changes() {
			continue
		}
		if len(view.Rows) == maxPreview {
			view.More++
			continue
		}
		view.Rows = append(view.Rows, s.importRow(c, step))
	}
	if view.Possible {
		if view.File, err = plan.File(); err != nil {
			return err
		}
	}
	return s.showImport(c, pages.ImportView{Error: problem, Preview: view})
}

// maxPreview lines are shown one by one.
const maxPreview = 200

func (s *Screens) importRow(c echo.Context, step users.Step) pages.ImportRow {
	row := pages.ImportRow{Line: step.Line, State: pages.ImportNew, Username: step.Username, Cell: step.Cell}
	if step.Problem != "" {
		row.State, row.Problem = pages.ImportBad, s.importProblem(c, step)
		return row
	}
	role := func(r account.Role) string { return s.T(c, "role."+string(r)) }
	row.Name.Will, row.Email.Will, row.Role.Will = step.Will.Name, step.Will.Email, role(step.Will.Role)
	// Whole: who imports has just typed it, and sees a digit that was swapped.
	if row.Invited = step.Invite; step.Number != (phone.Number{}) {
		row.Number = web.Unbroken(step.Number.International())
	}
	if step.Language != "" {
		row.Language = locale.T(step.Language, "language.name")
	}
	if step.Changes() {
		row.State = pages.ImportChanged
		if step.Was.Name != step.Will.Name {
			row.Name.Was = step.Was.Name
		}
		if step.Was.Email != step.Will.Email {
			row.Email.Was = step.Was.Email
			if row.Email.Was == "" {
				row.Email.Was = "–"
			}
		}
		if step.Was.Role != step.Will.Role {
			row.Role.Was = role(step.Was.Role)
		}
	}
	return row
}

// importProblem is what is wrong with a line, in words.
func (s *Screens) importProblem(c echo.Context, step users.Step) string {
	switch {
	case step.Problem == users.NumberRefused && step.Refusal != nil:
		return s.NumberProblem(c, step.Refusal)
	case step.Problem == users.NumberClosed:
		return s.NotRegistered(c, phone.Number{Country: step.Refusal.Country}, twofactor.ErrCountryClosed)
	}
	return s.T(c, "user_problem."+string(step.Problem), "Twin", step.Twin)
}
