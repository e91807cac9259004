package operator

import (
	"context"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/doorcheck"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// Doctor examines the proxy of an application, at one of its hosts.
type Doctor interface {
	Examine(ctx context.Context, a application.Application, host string, public []string) ([]doorcheck.Finding, error)
}

// checkLimit is less than a page may take: the page then says what was found by then.
const checkLimit = 8 * time.Second

// CheckApplication asks an application through its proxy, and shows what is wrong. What is asked is one of its hosts,
// as they are registered: nothing else that the form says leads anywhere.
func (s *Screens) CheckApplication(c echo.Context) error {
	a, err := s.application(c)
	if err != nil {
		return err
	}
	host := c.FormValue("host")
	if a.Kind == application.OIDC || !slices.Contains(a.Hosts, host) {
		return echo.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), checkLimit)
	defer cancel()
	found, err := s.doctor.Examine(ctx, a, host, nil)
	if err != nil {
		return err
	}
	view := checkView(a)
	view.Host, view.Done = host, true
	for _, f := range found {
		view.Findings = append(view.Findings, pages.FindingRow{Problem: f.Sentence(s.Lang(c)), Mend: f.Mend(s.Lang(c))})
	}
	return s.showApplication(c, shownApplication{check: view})
}

func checkView(a application.Application) *pages.CheckView {
	return &pages.CheckView{Action: paths.To(paths.OperatorApplicationCheck, a.ID), Hosts: a.Hosts}
}
