package operator

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/templates"
)

// EnableApplication lets those in again who may.
func (s *Screens) EnableApplication(c echo.Context) error {
	return s.setDisabled(c, false, "application_enabled")
}

// DisableApplication lets nobody in any more. It takes no question: in need it must be quick, and is undone as quickly.
func (s *Screens) DisableApplication(c echo.Context) error {
	return s.setDisabled(c, true, "application_disabled")
}

func (s *Screens) setDisabled(c echo.Context, disabled bool, done string) error {
	return s.change(c, done, func(ctx context.Context, id int64) error {
		by := s.by(c)
		return s.applications.Disable(ctx, id, disabled, by.Operator, by.Address)
	})
}

// change does something to an application, and leads to its page, which says that it is done.
func (s *Screens) change(c echo.Context, done string, do func(ctx context.Context, id int64) error) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	if err := do(c.Request().Context(), id); err != nil {
		return err
	}
	return s.Tell(c, paths.To(paths.OperatorApplication, id), done)
}

// RemoveApplication asks, and takes an application out of the registry.
func (s *Screens) RemoveApplication(c echo.Context) error {
	a, err := s.application(c)
	if err != nil {
		return err
	}
	if c.FormValue("sure") != "yes" {
		return s.askAbout(c, a, templates.Question{
			Title: s.T(c, "apps.remove_title", "Name", a.Name), Text: s.T(c, "apps.remove_question"),
			Yes: s.T(c, "apps.remove_do"),
		})
	}
	by := s.by(c)
	if err := s.applications.Remove(c.Request().Context(), a.ID, by.Operator, by.Address); err != nil {
		return err
	}
	return s.Tell(c, paths.OperatorApplications, "application_removed")
}

// MakeSecret asks, and makes another client secret, which its page shows this once.
func (s *Screens) MakeSecret(c echo.Context) error {
	a, err := s.application(c)
	if err != nil {
		return err
	}
	if a.Kind != application.OIDC {
		return echo.ErrNotFound
	}
	if c.FormValue("sure") != "yes" {
		return s.askAbout(c, a, templates.Question{
			Title: s.T(c, "apps.secret_title", "Name", a.Name), Text: s.T(c, "apps.secret_new_text"),
			Yes: s.T(c, "apps.secret_make"), Harmless: true,
		})
	}
	by := s.by(c)
	_, secret, err := s.issuer.NewSecret(c.Request().Context(), a, by.Operator, by.Address)
	if err != nil {
		return err
	}
	return s.showApplication(c, shownApplication{secret: secret})
}

// askAbout asks a question over an application's page.
func (s *Screens) askAbout(c echo.Context, a application.Application, question templates.Question) error {
	question.Action = c.Request().URL.Path
	if web.WantsFragment(c.Request()) {
		return web.Fragment(c, http.StatusOK, templates.QuestionDialog, s.Lang(c), question)
	}
	question.Back = paths.To(paths.OperatorApplication, a.ID)
	return s.showApplication(c, shownApplication{question: &question})
}

// Picture is an application's.
func (s *Screens) Picture(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	picture, err := s.applications.Picture(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return web.PNG(c, picture)
}

// GivePicture gives an application the picture of the form.
func (s *Screens) GivePicture(c echo.Context) error {
	header, err := c.FormFile("file")
	if err != nil {
		return s.showApplication(c, shownApplication{problem: s.T(c, "apps.picture_none")})
	}
	file, err := header.Open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	picture, err := application.ReadPNG(content)
	if errors.Is(err, application.ErrPicture) {
		return s.showApplication(c, shownApplication{problem: s.T(c, "apps.picture_bad")})
	}
	if err != nil {
		return err
	}
	return s.setPicture(c, picture, "saved")
}

// RemovePicture takes an application's picture away.
func (s *Screens) RemovePicture(c echo.Context) error {
	return s.setPicture(c, application.PNG{}, "saved")
}

func (s *Screens) setPicture(c echo.Context, picture application.PNG, done string) error {
	return s.change(c, done, func(ctx context.Context, id int64) error {
		by := s.by(c)
		return s.applications.SetPicture(ctx, id, picture, by.Operator, by.Address)
	})
}
