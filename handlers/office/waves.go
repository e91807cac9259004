package office

import (
	"errors"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/office"
	pages "github.com/nightlatch/nightlatch/templates/office"
)

// fillDates adds the sections about the date, for a superuser.
func (s *Screens) fillDates(c echo.Context, view *pages.TwoFactorView) error {
	sess := web.CurrentSession(c)
	if !sess.User.Role.ManagesOffice() {
		return nil
	}
	set, err := s.offices.Rollout(c.Request().Context(), sess.User.OfficeID)
	if err != nil {
		return err
	}
	s.fillReminders(c, view, set)
	return errors.Join(s.fillWaves(c, view, set), s.fillBlackOuts(c, view, set))
}

// fillWaves adds the section of the waves, while there is a date to come or to be set. A wave that the
// address names is in the form.
func (s *Screens) fillWaves(c echo.Context, view *pages.TwoFactorView, set office.Rollout) error {
	if set.Active {
		return nil
	}
	field := s.dateField(c, set, "")
	in := set.In(web.Zone(c))
	section := view.Waves
	if section == nil {
		section = &pages.WaveSection{}
		asked, _ := strconv.ParseInt(c.QueryParam("wave"), 10, 64) // 0 is none
		for _, w := range set.Waves {
			if w.ID == asked {
				section.ID, section.Role, section.From = w.ID, string(w.Role), w.From.In(in).Format(fieldForm)
				section.Name, section.Usernames = w.Name, strings.Join(w.Usernames, " ")
				if w.Role != "" {
					section.Name = ""
				}
			}
		}
	}
	section.Least, section.Zone = field.Least, field.Zone
	for _, role := range []account.Role{account.RoleSuperuser, account.RoleAccountant, account.RoleUser} {
		section.Roles = append(section.Roles, string(role))
	}
	section.All = s.waves(c, set)
	people, err := s.offices.People(c.Request().Context(), web.CurrentSession(c).User.OfficeID)
	for _, p := range people {
		section.People = append(section.People, pages.Person(p))
	}
	view.Waves = section
	return err
}

// waves are those of an office, as the page shows them.
func (s *Screens) waves(c echo.Context, set office.Rollout) (all []pages.Wave) {
	for _, w := range set.Waves {
		name := w.Name
		if w.Role != "" {
			name = s.T(c, "wave."+string(w.Role))
		}
		all = append(all, pages.Wave{ID: w.ID, Name: name, Usernames: w.Usernames, From: w.From})
	}
	return all
}

// PutWave gives a role or a group a date of their own.
func (s *Screens) PutWave(c echo.Context) error {
	id, _ := strconv.ParseInt(c.FormValue("wave"), 10, 64) // 0 is a new one
	chosen := c.Request().PostForm["user"]
	form := office.WaveForm{
		ID: id, Role: account.Role(c.FormValue("role")), Name: c.FormValue("name"),
		Usernames: strings.Join(append([]string{c.FormValue("usernames")}, chosen...), " "),
		From:      c.FormValue("from"), Zone: c.FormValue("zone"),
	}
	err := s.offices.PutWave(c.Request().Context(), web.CurrentSession(c), s.Client(c), form)
	typed := &pages.WaveSection{ID: id, Role: string(form.Role), Name: form.Name, Usernames: c.FormValue("usernames"),
		From: form.From, Chosen: map[string]bool{}, FromError: s.dateProblem(c, err)}
	for _, name := range chosen {
		typed.Chosen[name] = true
	}
	var unknown *office.UnknownError
	switch {
	case typed.FromError != "":
	case errors.Is(err, office.ErrNoGroup):
		typed.NameError = s.T(c, "waves.no_name")
	case errors.Is(err, office.ErrGroupTaken):
		typed.NameError = s.T(c, "waves.taken")
	case errors.Is(err, office.ErrManyWaves):
		typed.NameError = s.T(c, "waves.many")
	case errors.Is(err, office.ErrNobody):
		typed.UsernamesError = s.T(c, "waves.nobody")
	case errors.As(err, &unknown):
		names := unknown.Names[:min(len(unknown.Names), 10)]
		typed.UsernamesError = s.T(c, "waves.unknown", "Names", strings.Join(names, ", "))
	case errors.Is(err, fault.NotFound): // it was removed meanwhile
		return s.Redirect(c, paths.OfficeTwoFactor)
	default:
		return s.afterDate(c, err, "wave_set")
	}
	view, err := s.twoFactorOf(c, "")
	if err != nil {
		return err
	}
	if view.Active {
		return s.Redirect(c, paths.OfficeGeneral)
	}
	view.Waves = typed
	return s.showTwoFactor(c, view)
}

// RemoveWave takes a wave away.
func (s *Screens) RemoveWave(c echo.Context) error {
	id, _ := strconv.ParseInt(c.FormValue("wave"), 10, 64) // 0 is none
	err := s.offices.RemoveWave(c.Request().Context(), web.CurrentSession(c), s.Client(c), id)
	if errors.Is(err, fault.NotFound) { // somebody was first
		err = nil
	}
	return s.afterDate(c, err, "wave_removed")
}

// fillReminders adds what is sent before a date, in each language.
func (s *Screens) fillReminders(c echo.Context, view *pages.TwoFactorView, set office.Rollout) {
	if set.Active {
		return
	}
	sess := web.CurrentSession(c)
	view.Reminders = &pages.ReminderSection{Mails: s.rollouts.CanMail()}
	if !view.Reminders.Mails || set.From.IsZero() {
		return
	}
	for _, language := range locale.Languages() {
		subject, text := mail.Preview(s.Product, s.Origin.String(), mail.Reminder{
			Language: language, Office: sess.OfficeName, Name: sess.User.Name, Date: set.From, Zone: set.In(web.Zone(c)),
		})
		view.Reminders.Previews = append(view.Reminders.Previews, pages.ReminderPreview{
			Language: language, Subject: subject, Text: strings.Split(strings.TrimSpace(text), "\n\n"),
		})
	}
}
