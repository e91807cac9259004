package handlers

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
)

// takesFile reports whether a route takes a file, and so a body larger than all others: fileLimit bounds it,
// behind the guards, so that a stranger's large body is not read.
func takesFile(c echo.Context) bool { return strings.HasPrefix(c.Path(), pathUsers+"/import") }

// fileLimit is a file of at most users.MaxFile, with the rest of its form around it.
var fileLimit = middleware.BodyLimit("1100K")

// exportUsers answers the office's users as a file. It is a POST, since it is written down who took it.
func (s *Site) exportUsers(c echo.Context) error {
	file, err := s.People.Export(c.Request().Context(), must(c), s.client(c), func(u account.Profile) string {
		return s.t(c, "users_file.factor."+string(factorState(u)))
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="users.csv"`)
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8", file)
}

// importPage asks for a file.
func (s *Site) importPage(c echo.Context) error {
	if done, err := s.provenFirst(c, pathUsers+"/import"); done {
		return err
	}
	return s.showImport(c, templates.ImportView{})
}

func (s *Site) showImport(c echo.Context, view templates.ImportView) error {
	f, err := s.inside(c, s.t(c, "import.title"), pathUsers+"/import", templates.SectionUsers)
	if err != nil {
		return err
	}
	status := statusFor(view.Error)
	if view.Preview != nil && view.Preview.Bad > 0 {
		status = http.StatusUnprocessableEntity
	}
	return page(c, status, templates.Import, f, view)
}

// previewImport says what an import of the posted file would do. Nothing changes.
func (s *Site) previewImport(c echo.Context) error {
	file, err := postedFile(c)
	if err != nil {
		return err
	}
	if file == nil {
		return s.showImport(c, templates.ImportView{Error: s.t(c, "file.none")})
	}
	lines, err := users.Read(file)
	if err != nil {
		return s.refuseFile(c, err)
	}
	return s.preview(c, lines, "")
}

// postedFile reads the form's file, nil when there is none.
func postedFile(c echo.Context) ([]byte, error) {
	header, err := c.FormFile("file")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil
	case err != nil:
		return nil, echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, users.MaxFile+1))
}

func (s *Site) refuseFile(c echo.Context, err error) error {
	var problem *users.FileProblem
	if !errors.As(err, &problem) {
		return err
	}
	return s.showImport(c, templates.ImportView{Error: s.t(c, "file."+problem.Problem, "Line", problem.Line, "Column", problem.Column)})
}

func (s *Site) preview(c echo.Context, lines []users.Line, problem string) error {
	plan, err := s.People.Plan(c.Request().Context(), must(c), lines)
	if errors.Is(err, twofactor.ErrNotFresh) {
		return s.redirect(c, withNext("/settings/confirm", pathUsers+"/import"))
	}
	if err != nil {
		return err
	}
	view := &templates.ImportPreview{
		New: plan.New, Changed: plan.Changed, Same: plan.Same, Bad: plan.Bad, Possible: plan.Possible(), Digest: plan.Digest(),
		CanMail: s.Invites != nil, CanInvite: s.Invites != nil && plan.New > 0,
	}
	for _, step := range plan.Steps {
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
	return s.showImport(c, templates.ImportView{Error: problem, Preview: view})
}

// maxPreview lines are shown one by one.
const maxPreview = 200

func (s *Site) importRow(c echo.Context, step users.Step) templates.ImportRow {
	row := templates.ImportRow{Line: step.Number, State: templates.ImportNew, Username: step.Username, Cell: step.Cell}
	if step.Problem != "" {
		row.State, row.Problem = templates.ImportBad, s.t(c, "roster."+string(step.Problem), "Twin", step.Twin)
		return row
	}
	role := func(r account.Role) string { return s.t(c, "role."+string(r)) }
	row.Name.Will, row.Email.Will, row.Role.Will = step.Will.Name, step.Will.Email, role(step.Will.Role)
	if step.Changes() {
		row.State = templates.ImportChanged
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

// importUsers does what the preview showed: all of it, or nothing.
func (s *Site) importUsers(c echo.Context) error {
	ctx, sess := c.Request().Context(), must(c)
	lines, err := users.Read([]byte(c.FormValue("lines")))
	if err != nil {
		return s.refuseFile(c, err)
	}
	_, made, err := s.People.Import(ctx, sess, s.client(c), lines, c.FormValue("digest"))
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", pathUsers+"/import"))
	case errors.Is(err, users.ErrChanged), errors.Is(err, users.ErrNothing):
		return s.preview(c, lines, s.t(c, "import.office_changed"))
	case errors.Is(err, users.ErrLastSuperuser):
		return s.preview(c, lines, s.t(c, "user.last_superuser"))
	case err != nil:
		return err
	}
	done := "imported"
	if s.Invites != nil && c.FormValue("invite") == "yes" {
		for _, id := range made {
			if err := s.Invites.Invite(ctx, sess.User.Person(), sess.User.OfficeID, id); err != nil {
				s.logger.WarnContext(ctx, "invite an imported user", "request", requestOf(c), "user", id, "error", err)
				done = "imported_not_invited"
			}
		}
	}
	return s.redirect(c, pathUsers+"?done="+done)
}
