package account

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	pages "github.com/nightlatch/nightlatch/templates/account"
)

func (s *Screens) MakeRecoveryCodes(c echo.Context) error {
	err := s.factors.NewRecoveryCodes(c.Request().Context(), web.CurrentSession(c), s.Client(c))
	switch {
	case errors.Is(err, twofactor.ErrOver):
		return s.Redirect(c, paths.Me)
	case err != nil:
		return err
	}
	return s.Redirect(c, paths.RecoveryCodes)
}

// RecoverySheet shows new codes to the session that made them, until they are kept.
func (s *Screens) RecoverySheet(c echo.Context) error {
	codes, err := s.factors.RecoverySheet(c.Request().Context(), web.CurrentSession(c))
	if errors.Is(err, twofactor.ErrOver) {
		return s.Redirect(c, paths.Me)
	}
	if err != nil {
		return err
	}
	view := pages.RecoveryCodesView{Codes: codes, FileName: sheetName(s.Product), Paper: s.paper(c)}
	layout := s.Layout(c, s.T(c, "sheet.title"), paths.RecoveryCodes)
	layout.Toast = s.Toast(c) // of the number that they came with
	return web.Page(c, http.StatusOK, pages.RecoveryCodes, layout, view)
}

// RecoverySheetFile is the same as a text file.
func (s *Screens) RecoverySheetFile(c echo.Context) error {
	codes, err := s.factors.RecoverySheet(c.Request().Context(), web.CurrentSession(c))
	if errors.Is(err, twofactor.ErrOver) {
		return s.Redirect(c, paths.Me)
	}
	if err != nil {
		return err
	}
	return web.Attach(c, sheetName(s.Product), echo.MIMETextPlainCharsetUTF8, []byte(sheetText(s.paper(c), codes)))
}

// paper is what a sheet of codes says about itself: whoever finds it in a drawer knows what opens with it.
func (s *Screens) paper(c echo.Context) pages.Paper {
	sess, lang := web.CurrentSession(c), s.Lang(c)
	return pages.Paper{
		Title: s.T(c, "sheet.paper_title", "Product", s.Product),
		Use:   s.T(c, "sheet.paper_use"),
		Facts: []pages.Fact{
			{Name: s.T(c, "sheet.paper_office"), Value: sess.OfficeName + " (" + sess.OfficeCode + ")"},
			{Name: s.T(c, "sheet.paper_user"), Value: sess.User.Name + " (" + sess.User.Username + ")"},
			{Name: s.T(c, "sheet.paper_address"), Value: s.Origin.String()},
			{Name: s.T(c, "sheet.paper_date"), Value: locale.Time(lang, locale.Day, time.Now().In(web.Zone(c)))},
		},
	}
}

// sheetText is a sheet as a text file. Its codes stand as on the page, so that a whole line can be copied.
func sheetText(p pages.Paper, codes []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n", p.Title)
	for _, fact := range p.Facts {
		fmt.Fprintf(&text, "%s: %s\n", fact.Name, fact.Value)
	}
	fmt.Fprintf(&text, "\n%s\n\n", p.Use)
	for i, code := range codes {
		fmt.Fprintf(&text, "%d. %s\n", i+1, code)
	}
	return text.String()
}

// sheetName is the file's name: the product's in plain letters.
func sheetName(product string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(product))
	return strings.TrimPrefix(name+"-recovery-codes.txt", "-")
}

func (s *Screens) KeepRecoveryCodes(c echo.Context) error {
	if err := s.factors.KeepRecoveryCodes(c.Request().Context(), web.CurrentSession(c)); err != nil {
		return err
	}
	// Who has just enrolled sees what there is now, and not the page that was asked for before it all.
	s.SetCookie(c, web.CookieReturn, "", -1)
	return s.Tell(c, paths.Me, "codes_kept")
}
