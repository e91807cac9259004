package operator

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/operator"
)

// showHits shows whom a search found; a single one is shown at once.
func (s *Screens) showHits(c echo.Context, typed string) error {
	hits, total, err := s.operator.Find(c.Request().Context(), typed)
	if err != nil {
		return err
	}
	if total == 1 {
		return s.Redirect(c, searchPath(paths.OperatorWaiting, hits[0].Office, hits[0].Username))
	}
	view := pages.WaitingView{Typed: typed, Total: s.number(c, total)}
	if total == 0 {
		view.Error = s.T(c, "waiting.none_found")
	}
	for _, h := range hits {
		view.Hits = append(view.Hits, waitingHit(h.Name, h.Username, h.OfficeName, h.Office))
	}
	if more := total - len(hits); more > 0 {
		view.More = s.N(c, "waiting.more_hits", more)
	}
	return s.waitingPage(c, view)
}

func waitingHit(name, username, office, code string) templates.WaitingHit {
	return templates.WaitingHit{
		URL: searchPath(paths.OperatorWaiting, code, username), Name: name, Username: username, Office: office,
		OfficeCode: code,
	}
}

// The most rows of who waits on the page of their own, and on the overview.
const (
	mostWaiting = 50
	fewWaiting  = 5
)

// WaitingNow is who waits, for a page that shows itself again: nothing when it shows that already, so that neither
// focus nor reading moves. It notes nothing and keeps no session alive.
func (s *Screens) WaitingNow(c echo.Context) error {
	view, err := s.waitingNow(c)
	if err != nil {
		return err
	}
	if view.URL == c.Request().URL.RequestURI() {
		return c.NoContent(http.StatusNoContent)
	}
	return web.Fragment(c, http.StatusOK, pages.WaitingMoment, s.Lang(c), view)
}

// waitingNow returns who waits, with an address that says what is shown.
func (s *Screens) waitingNow(c echo.Context) (templates.WaitingNow, error) {
	view, err := s.waitingRows(c, mostWaiting)
	if err != nil {
		return view, err
	}
	var shown bytes.Buffer
	if err := pages.WaitingMoment.Render(&shown, s.Lang(c), view); err != nil {
		return view, err
	}
	digest := sha256.Sum256(shown.Bytes())
	view.URL = paths.OperatorWaitingNow + "?seen=" + base64.RawURLEncoding.EncodeToString(digest[:12])
	return view, nil
}

func (s *Screens) waitingRows(c echo.Context, most int) (view templates.WaitingNow, _ error) {
	waiting, total, err := s.operator.WaitingNow(c.Request().Context(), most)
	if err != nil {
		return view, err
	}
	for _, w := range waiting {
		row := templates.WaitingNowRow{
			WaitingHit: waitingHit(w.User.Name, w.User.Username, w.User.OfficeName, w.User.Office),
			ID:         fmt.Sprintf("waits-%d", w.User.ID), Since: w.Since,
		}
		for _, sentence := range w.Why {
			row.Why = append(row.Why, s.sentence(c, sentence))
		}
		view.Rows = append(view.Rows, row)
	}
	if more := total - len(waiting); more > 0 {
		view.More = s.N(c, "waiting.more", more)
	}
	return view, nil
}
