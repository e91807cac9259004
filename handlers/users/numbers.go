package users

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/templates"
	pages "github.com/nightlatch/nightlatch/templates/users"
)

// NumbersPage lists who has no number, each with a field for it: many are entered one after the other. What was saved
// last is shown whole, once, to whoever typed it.
func (s *Screens) NumbersPage(c echo.Context) error {
	view := pages.NumbersView{}
	if kept := s.Cookie(c, web.CookieNumber); kept != "" {
		s.SetCookie(c, web.CookieNumber, "", -1)
		text, sealed, _ := strings.Cut(kept, ".")
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			view.Saved = web.Unbroken(s.factors.OpenTyped(web.CurrentSession(c), id, sealed))
		}
	}
	return s.showNumbers(c, view, pages.NumberRow{})
}

// showNumbers shows the list, with the row that was refused in its place.
func (s *Screens) showNumbers(c echo.Context, view pages.NumbersView, refused pages.NumberRow) error {
	ctx, sess := c.Request().Context(), web.CurrentSession(c)
	list, found, err := s.users.WithoutNumber(ctx, sess.User.OfficeID, sess.User.Role)
	if err != nil {
		return err
	}
	country, err := s.defaultCountry(c)
	if err != nil {
		return err
	}
	view.More, view.Country, view.Error = found-len(list), country, refused.Error
	for i, user := range list {
		row := pages.NumberRow{ID: user.ID, Name: user.Name, Username: user.Username, Country: country}
		if user.ID == refused.ID {
			row.Number, row.Error, row.Sure = refused.Number, refused.Error, refused.Sure
			view.Error, view.Refused = "", row
		}
		if i+1 < len(list) {
			row.Next = list[i+1].ID
		}
		view.Rows = append(view.Rows, row)
	}
	f, err := s.AppLayout(c, s.T(c, "numbers.title"), paths.UsersNumbers, templates.SectionUsers)
	if err != nil {
		return err
	}
	return web.Page(c, web.StatusOf(view), pages.Numbers, f, view)
}

// defaultCountry is that of a number without a country code, as in the number field.
func (s *Screens) defaultCountry(c echo.Context) (templates.Country, error) {
	field, err := s.NumberField(c, "", false)
	if err != nil || len(field.MostUsed) == 0 {
		return templates.Country{}, err
	}
	return field.MostUsed[0], nil
}

// RegisterListed registers the number of a row of the list. The next row's field is next.
func (s *Screens) RegisterListed(c echo.Context) error {
	user := requestedUser(c)
	sess := web.CurrentSession(c)
	row := pages.NumberRow{ID: user.ID, Name: user.Name, Username: user.Username}
	next, err := strconv.ParseInt(c.FormValue("next"), 10, 64)
	if err == nil && next > 0 {
		row.Next = next
	}
	number, problem, sure := s.ReadNumber(c)
	if problem == "" {
		err := s.factors.RegisterNumber(c.Request().Context(), sess, s.Client(c), user.ID, number)
		if problem = s.NotRegistered(c, number, err); problem == "" && err != nil {
			return err
		}
	}
	if problem != "" {
		row.Number, row.Error, row.Sure = c.FormValue("number"), problem, sure
		if !web.WantsFragment(c.Request()) {
			return s.showNumbers(c, pages.NumbersView{}, row)
		}
		if row.Country, err = s.defaultCountry(c); err != nil {
			return err
		}
		return web.Fragment(c, http.StatusUnprocessableEntity, pages.NumbersRow, s.Lang(c), row)
	}
	if web.WantsFragment(c.Request()) {
		row.Saved = web.Unbroken(number.International())
		return web.Fragment(c, http.StatusOK, pages.NumbersRow, s.Lang(c), row)
	}
	sealed := strconv.FormatInt(user.ID, 10) + "." + s.factors.SealTyped(sess, user.ID, number)
	s.SetCookie(c, web.CookieNumber, sealed, typedSeconds)
	to := paths.UsersNumbers
	if row.Next != 0 {
		to += "#number-" + strconv.FormatInt(row.Next, 10)
	}
	return s.Redirect(c, to)
}
