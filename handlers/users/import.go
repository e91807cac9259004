package users

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/users"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

// Export returns the office's users as a file. It is a POST, since it is written down who took it.
func (s *Screens) Export(c echo.Context) error {
	file, err := s.users.Export(c.Request().Context(), web.CurrentSession(c), s.Client(c), func(set factor.Set) string {
		word := func(name string) string { return s.T(c, "users_file.factor."+name) }
		factors, lacks := factorWords(set, word)
		if lacks != "" {
			return word(lacks)
		}
		return strings.Join(factors, " + ")
	})
	if err != nil {
		return err
	}
	return web.AttachCSV(c, s.T(c, "files.users")+"-"+web.CurrentSession(c).OfficeCode+"-"+
		time.Now().In(web.Zone(c)).Format(time.DateOnly), file)
}

// ImportPage asks for a file.
func (s *Screens) ImportPage(c echo.Context) error {
	return s.showImport(c, pages.ImportView{})
}

func (s *Screens) showImport(c echo.Context, view pages.ImportView) error {
	f, err := s.AppLayout(c, s.T(c, "import.title"), paths.UsersImport, templates.SectionUsers)
	if err != nil {
		return err
	}
	status := web.StatusFor(view.Error)
	if view.Preview != nil && view.Preview.Bad > 0 {
		status = http.StatusUnprocessableEntity
	}
	return web.Page(c, status, pages.Import, f, view)
}

// PreviewImport says what an import of the posted file would do. Nothing changes.
func (s *Screens) PreviewImport(c echo.Context) error {
	file, err := web.PostedFile(c, users.MaxFile)
	if err != nil {
		return err
	}
	if file == nil {
		return s.showImport(c, pages.ImportView{Error: s.T(c, "file.none")})
	}
	lines, err := users.Read(file)
	if err != nil {
		return s.refuseFile(c, err)
	}
	return s.preview(c, lines, "")
}

func (s *Screens) refuseFile(c echo.Context, err error) error {
	var problem *users.FileProblem
	if !errors.As(err, &problem) {
		return err
	}
	return s.showImport(c,
		pages.ImportView{Error: s.T(c, "file."+problem.Problem, "Line", problem.Line, "Column", problem.Column)})
}

// Import does what the preview showed: all of it, or nothing.
func (s *Screens) Import(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	lines, err := users.Read([]byte(c.FormValue("lines")))
	if err != nil {
		return s.refuseFile(c, err)
	}
	_, made, err := s.users.Import(ctx, sess, s.Client(c), lines, c.FormValue("digest"))
	switch {
	case errors.Is(err, users.ErrChanged), errors.Is(err, users.ErrNothing):
		return s.preview(c, lines, s.T(c, "import.office_changed"))
	case errors.Is(err, users.ErrLastSuperuser):
		return s.preview(c, lines, s.T(c, "user.last_superuser"))
	case err != nil:
		return err
	}
	if !s.users.CanMail() || c.FormValue("invite") != "yes" || len(made) == 0 {
		return s.Tell(c, paths.Users, "imported")
	}
	n, err := s.users.InviteAgain(ctx, sess, s.Client(c), made)
	if err != nil || n == 0 {
		s.Logger.WarnContext(ctx, "invite the imported users", "request", web.RequestID(c), "error", err)
		return s.Tell(c, paths.Users, "imported_not_invited")
	}
	return s.TellCount(c, paths.Users, "imported_invited", n)
}
