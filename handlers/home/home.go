// Package home is the page from which a user opens their applications, and the way straight to the only one.
package home

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/templates"
	"github.com/nightlatch/nightlatch/templates/door"
	pages "github.com/nightlatch/nightlatch/templates/home"
)

// Applications knows what an application demands, and its picture.
type Applications interface {
	Demands(ctx context.Context, id, officeID int64) (door application.Door, name, url string, err error)
	Picture(ctx context.Context, id int64) ([]byte, error)
}

// Screens are the pages.
type Screens struct {
	*web.Web
	applications Applications
}

// New returns the Screens.
func New(w *web.Web, applications Applications) *Screens { return &Screens{w, applications} }

const (
	searchFrom = 10 // so many applications can be searched
	fewCodes   = 2  // so many recovery codes are nearly none
)

// Page shows the applications that the user may open.
func (s *Screens) Page(c echo.Context) error {
	all, err := s.Openable(c)
	if err != nil {
		return err
	}
	view := pages.View{Search: len(all) >= searchFrom}
	if view.Search {
		view.Words = strings.TrimSpace(c.QueryParam("q"))
	}
	for _, a := range all {
		if !strings.Contains(strings.ToLower(a.Name+" "+a.About), strings.ToLower(view.Words)) {
			continue
		}
		first, _ := utf8.DecodeRuneInString(a.Name)
		view.Tiles = append(view.Tiles, pages.Tile{
			ID: a.ID, Name: a.Name, About: a.About, URL: a.URL, HasPicture: a.HasPicture,
			Letter: strings.ToUpper(string(first)),
		})
	}
	view.Advice = s.advice(c)
	f, err := s.AppLayout(c, s.T(c, "home.title"), paths.Applications, templates.SectionHome)
	if err != nil {
		return err
	}
	return web.Page(c, http.StatusOK, pages.Home, f, view)
}

// advice is what is worth doing.
func (s *Screens) advice(c echo.Context) (all []pages.Advice) {
	methods := web.CurrentSession(c).Factors
	if codes := methods.Of(factor.Recovery); codes.Kind != "" && codes.Amount <= fewCodes {
		all = append(all, pages.Advice{Text: s.N(c, "home.codes", codes.Amount), URL: paths.Me, Do: s.T(c, "layout.me")})
	}
	if number := methods.Of(factor.SMS); number.Kind != "" && number.ConfirmedAt == nil {
		all = append(all, pages.Advice{Text: s.T(c, "home.number"), URL: paths.Me, Do: s.T(c, "layout.me")})
	}
	return all
}

// Only leads to the only application that the user may open. It leads there by a page: the answer to a form must not
// lead to another origin (form-action).
func (s *Screens) Only(c echo.Context) error {
	all, err := s.Openable(c)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return s.Redirect(c, paths.Applications)
	}
	view := door.VisitView{Application: all[0].Name, Onward: all[0].URL}
	c.Response().Header().Set("Refresh", "0; url="+view.Onward) // at once, with JavaScript and without
	return web.Page(c, http.StatusOK, door.Visit, s.Layout(c, view.Application, paths.Applications), view)
}

// Picture is an application's, for the users of the offices that it is for.
func (s *Screens) Picture(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	demands, _, _, err := s.applications.Demands(ctx, id, web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return err
	}
	if !demands.Admitted {
		return echo.ErrNotFound
	}
	picture, err := s.applications.Picture(ctx, id)
	if err != nil {
		return err
	}
	return web.PNG(c, picture)
}
