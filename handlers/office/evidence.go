package office

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/evidence"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// EvidencePage asks for which days.
func (s *Screens) EvidencePage(c echo.Context) error {
	zone, now, err := s.evidenceZone(c)
	if err != nil {
		return err
	}
	today := now.In(zone)
	return s.showEvidence(c, pages.EvidenceView{
		First: today.AddDate(0, -3, 0).Format(time.DateOnly), Last: today.Format(time.DateOnly), Zone: zone.String(),
	})
}

// evidenceZone returns the office's time zone, or else the reader's, and the database's time.
func (s *Screens) evidenceZone(c echo.Context) (*time.Location, time.Time, error) {
	set, err := s.offices.Rollout(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return nil, time.Time{}, err
	}
	return set.In(web.Zone(c)), set.Now, nil
}

func (s *Screens) showEvidence(c echo.Context, view pages.EvidenceView) error {
	f, err := s.AppLayout(c, s.T(c, "evidence.title"), paths.OfficeEvidence, templates.SectionOffice)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Evidence, f, view)
}

// TakeEvidence answers with the evidence of some days as a file. It is a POST, since it is written down who took it.
func (s *Screens) TakeEvidence(c echo.Context) error {
	zone, now, err := s.evidenceZone(c)
	if err != nil {
		return err
	}
	view := pages.EvidenceView{First: c.FormValue("first"), Last: c.FormValue("last"), Zone: zone.String()}
	var taken *evidence.Evidence
	of, err := evidence.ReadRange(view.First, view.Last, zone, now)
	if err == nil {
		taken, err = s.evidence.Take(c.Request().Context(), web.CurrentSession(c), s.Client(c), of)
	}
	switch {
	case err == nil:
		return s.evidenceFile(c, taken, view.First+"-"+view.Last)
	case errors.Is(err, evidence.ErrNoFirst):
		view.FirstError = s.T(c, "evidence.no_day")
	case errors.Is(err, evidence.ErrNotOver):
		view.FirstError = s.T(c, "evidence.not_over")
	case errors.Is(err, evidence.ErrNoLast):
		view.LastError = s.T(c, "evidence.no_day")
	case errors.Is(err, evidence.ErrOrder):
		view.LastError = s.T(c, "evidence.order")
	case errors.Is(err, evidence.ErrLong):
		view.LastError = s.T(c, "evidence.long")
	case errors.Is(err, evidence.ErrMany):
		view.LastError = s.T(c, "evidence.many")
	default:
		return err
	}
	return s.showEvidence(c, view)
}

func (s *Screens) evidenceFile(c echo.Context, taken *evidence.Evidence, days string) error {
	write, kind, mime := taken.PDF, ".pdf", "application/pdf"
	if c.FormValue("form") == "csv" {
		write, kind, mime = taken.CSV, ".csv", "text/csv; charset=utf-8"
	}
	file, err := write(s.Lang(c), s.HistoryWords(c))
	if err != nil {
		return err
	}
	return web.Attach(c, s.T(c, "files.evidence")+"-"+taken.Office+"-"+days+kind, mime, file)
}
