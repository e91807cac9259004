package account

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/door"
	"github.com/nightlatch/nightlatch/internal/session"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

// Doors knows which applications a user is signed in to.
type Doors interface {
	Opened(ctx context.Context, sess session.Session) ([]door.Opened, error)
	LeaveAll(ctx context.Context, sess session.Session, id int64, client session.Client) error
}

// Applications knows what a user may open, and where their log-in goes.
type Applications interface {
	web.Applications
	SetOpensOnly(ctx context.Context, userID int64, opens bool) error
}

// myApplications is what My settings says of applications.
func (s *Screens) myApplications(c echo.Context) (view pages.Applications, err error) {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	openable, err := s.Openable(c)
	if err != nil {
		return view, err
	}
	opened, err := s.doors.Opened(ctx, sess)
	if err != nil {
		return view, err
	}
	if view.Any = len(openable)+len(opened) > 0; !view.Any {
		return view, nil
	}
	for _, o := range opened {
		view.Opened = append(view.Opened, pages.OpenedRow{ID: o.ApplicationID, Name: o.Name, Browsers: o.Browsers,
			Since: o.Since})
	}
	view.Only, err = s.apps.OpensOnly(ctx, sess.User.ID)
	return view, err
}

// EndApplication signs the user out of one application, in every browser.
func (s *Screens) EndApplication(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	if err := s.doors.LeaveAll(c.Request().Context(), web.CurrentSession(c), id, s.Client(c)); err != nil {
		return err
	}
	return s.Tell(c, paths.Me, "application_left")
}

// SetOnly says whether a log-in goes straight on to the user's only application.
func (s *Screens) SetOnly(c echo.Context) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	if err := s.apps.SetOpensOnly(ctx, sess.User.ID, c.FormValue("only") == "yes"); err != nil {
		return err
	}
	return s.Tell(c, paths.Me, "saved")
}
