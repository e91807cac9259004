package account

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
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
	view := pages.RecoveryCodesView{Codes: codes, FileName: sheetName(s.Product)}
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
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+sheetName(s.Product)+`"`)
	return c.String(http.StatusOK, strings.Join(codes, "\n")+"\n")
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
	page, _ := s.ReturnPage(c, web.CurrentSession(c).User.ID, paths.Me) // where the log-in that enrolled was to lead
	return s.Tell(c, page, "codes_kept")
}
