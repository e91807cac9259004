package account

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/session"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

// trustedRows are the browsers that the user trusts, where their office allows it.
func (s *Screens) trustedRows(c echo.Context) ([]pages.TrustedRow, error) {
	sess := web.CurrentSession(c)
	if sess.TrustDays == 0 {
		return nil, nil
	}
	all, err := s.sessions.TrustedBrowsers(c.Request().Context(), sess, s.Client(c))
	if err != nil {
		return nil, err
	}
	rows := make([]pages.TrustedRow, len(all))
	for i, b := range all {
		name, isPhone := s.BrowserName(c, b.UserAgent)
		rows[i] = pages.TrustedRow{
			ID: b.ID, Name: name, Phone: isPhone, Current: b.Current, Since: b.CreatedAt, Used: b.UsedAt, Ends: b.EndsAt,
		}
	}
	return rows, nil
}

// EndTrusted ends the trust in a browser. It takes no step-up: it only takes away.
func (s *Screens) EndTrusted(c echo.Context) error {
	id, err := web.IDParam(c)
	if err != nil {
		return err
	}
	err = s.sessions.EndTrusted(c.Request().Context(), web.CurrentSession(c), id, s.Client(c))
	if errors.Is(err, session.ErrNone) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.Tell(c, paths.Me, "trust_ended")
}
