package office

import (
	"errors"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/calendar"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/office"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// folded is from how many days on the list is folded.
const folded = 9

// fillBlackOuts adds the section of the days that are kept free.
func (s *Screens) fillBlackOuts(c echo.Context, view *pages.TwoFactorView, set office.Rollout) error {
	all, err := s.offices.BlackOuts(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	if err != nil {
		return err
	}
	if view.BlackOuts == nil {
		view.BlackOuts = &pages.BlackOutSection{}
	}
	section, in := view.BlackOuts, set.In(web.Zone(c))
	today := set.Now.In(in)
	section.Least = today.Format(time.DateOnly)
	section.Most = today.AddDate(0, office.BlackOutMonths, 0).Format(time.DateOnly)
	section.Fold = len(all) >= folded
	var dates []string
	if !set.Coming().IsZero() {
		dates = append(dates, set.From.In(in).Format(time.DateOnly))
		for _, w := range set.Waves {
			if w.From.After(set.Now) {
				dates = append(dates, w.From.In(in).Format(time.DateOnly))
			}
		}
	}
	for _, b := range all {
		day, err := time.Parse(time.DateOnly, b.Day)
		if err != nil {
			return err
		}
		section.OnDate = section.OnDate || slices.Contains(dates, b.Day)
		section.All = append(section.All, pages.BlackOut{
			Day: b.Day, Shown: locale.Time(s.Lang(c), locale.Day, day), Name: b.Name,
		})
	}
	return nil
}

// showBlackOut shows the page with what is wrong in the section of the days that are kept free, or what it did.
func (s *Screens) showBlackOut(c echo.Context, section *pages.BlackOutSection) error {
	view, err := s.twoFactorOf(c, "")
	if err != nil {
		return err
	}
	view.BlackOuts = section
	return s.showTwoFactor(c, view)
}

// AddBlackOut keeps a day free.
func (s *Screens) AddBlackOut(c echo.Context) error {
	typed := &pages.BlackOutSection{Day: c.FormValue("day"), Name: c.FormValue("name")}
	err := s.offices.AddBlackOut(c.Request().Context(), web.CurrentSession(c), s.Client(c), typed.Day, typed.Name,
		web.Zone(c))
	switch {
	case err == nil:
		return s.Tell(c, paths.OfficeTwoFactor, "free_added")
	case errors.Is(err, office.ErrNoDay):
		typed.DayError = s.T(c, "free.no_day")
	case errors.Is(err, office.ErrManyDays):
		typed.DayError = s.T(c, "free.many")
	case errors.Is(err, office.ErrDayName):
		typed.NameError = s.T(c, "free.no_name")
	default:
		return err
	}
	return s.showBlackOut(c, typed)
}

// RemoveBlackOut frees a day again.
func (s *Screens) RemoveBlackOut(c echo.Context) error {
	err := s.offices.RemoveBlackOut(c.Request().Context(), web.CurrentSession(c), s.Client(c), c.FormValue("day"))
	if err != nil && !errors.Is(err, fault.NotFound) { // somebody was first
		return err
	}
	return s.Tell(c, paths.OfficeTwoFactor, "free_removed")
}

// mostLeft is how many events that were left out are said.
const mostLeft = 20

// ImportBlackOuts keeps the days of a calendar free, and says what it left out.
func (s *Screens) ImportBlackOuts(c echo.Context) error {
	file, err := web.PostedFile(c, calendar.MaxFile)
	if err != nil {
		return err
	}
	if file == nil {
		return s.showBlackOut(c, &pages.BlackOutSection{FileError: s.T(c, "file.none")})
	}
	added, left, err := s.offices.ImportBlackOuts(c.Request().Context(), web.CurrentSession(c), s.Client(c), file,
		s.T(c, "free.unnamed"), web.Zone(c))
	section := &pages.BlackOutSection{}
	for _, p := range left[:min(len(left), mostLeft)] {
		section.Left = append(section.Left, s.T(c, "free.line", "Line", p.Line, "Why", s.T(c, "calendar."+p.Why)))
	}
	switch {
	case err == nil && len(left) == 0:
		return s.Tell(c, paths.OfficeTwoFactor, "free_imported")
	case err == nil:
		section.Imported = s.N(c, "free.imported", added) + " " + s.N(c, "free.left", len(left))
	case errors.Is(err, calendar.ErrNotCalendar):
		section.FileError = s.T(c, "free.not_calendar")
	case errors.Is(err, calendar.ErrTooLarge):
		section.FileError = s.T(c, "free.too_large")
	case errors.Is(err, office.ErrManyDays):
		section.FileError = s.T(c, "free.many")
	case errors.Is(err, office.ErrNoEntries):
		section.FileError = s.T(c, "free.no_entries")
		if len(left) > 0 {
			section.FileError += " " + section.Left[0]
		}
		section.Left = nil
	default:
		return err
	}
	return s.showBlackOut(c, section)
}
