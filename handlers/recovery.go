package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/templates"
)

// recoveryPage takes a recovery code, at the log-in and for a fresh proof in settings.
func (s *Site) recoveryPage(c echo.Context) error { return s.showRecovery(c, "") }

func (s *Site) showRecovery(c echo.Context, problem string) error {
	at, next := base(must(c)), safePath(first(c, "next"), "")
	view := templates.ProveView{
		Heading: s.t(c, "recovery.title"), Lead: s.t(c, "recovery.lead"), Label: s.t(c, "recovery.title"), Input: templates.InputRecovery,
		Action: at + "/recovery", Next: next, Error: problem,
		Links: []templates.Link{{URL: withNext(at+"/ways", next), Text: s.t(c, "code.another_way")}},
	}
	return page(c, statusFor(problem), templates.Prove, s.frame(c, view.Heading, at+"/recovery"), view)
}

func (s *Site) verifyRecovery(c echo.Context) error {
	proven, err := s.Factors.VerifyRecovery(c.Request().Context(), must(c), s.client(c), c.FormValue("code"))
	if err == nil {
		s.setSession(c, proven.Token)
		if proven.Purpose == twofactor.PurposeFresh {
			return s.afterFresh(c)
		}
		return s.redirect(c, pathMe)
	}
	problem, ended, err := s.proofProblem(c, err, "recovery.not_a_code")
	if err != nil {
		return err
	}
	if ended {
		return s.redirect(c, "/login?why=exhausted")
	}
	return s.showRecovery(c, problem)
}

func (s *Site) makeRecoveryCodes(c echo.Context) error {
	err := s.Factors.NewRecoveryCodes(c.Request().Context(), must(c), s.client(c))
	switch {
	case errors.Is(err, twofactor.ErrNotFresh):
		return s.redirect(c, withNext("/settings/confirm", pathMe))
	case errors.Is(err, twofactor.ErrOver):
		return s.redirect(c, pathMe)
	case err != nil:
		return err
	}
	return s.redirect(c, "/settings/me/recovery-codes")
}

// recoverySheet shows new codes to the session that made them, until they are kept.
func (s *Site) recoverySheet(c echo.Context) error {
	codes, err := s.Factors.RecoverySheet(c.Request().Context(), must(c))
	if errors.Is(err, twofactor.ErrOver) {
		return s.redirect(c, pathMe)
	}
	if err != nil {
		return err
	}
	view := templates.RecoveryCodesView{Codes: codes, FileName: sheetName(s.product)}
	return page(c, http.StatusOK, templates.RecoveryCodes, s.frame(c, s.t(c, "sheet.title"), "/settings/me/recovery-codes"), view)
}

// recoverySheetFile is the same as a text file.
func (s *Site) recoverySheetFile(c echo.Context) error {
	codes, err := s.Factors.RecoverySheet(c.Request().Context(), must(c))
	if errors.Is(err, twofactor.ErrOver) {
		return s.redirect(c, pathMe)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="`+sheetName(s.product)+`"`)
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

func (s *Site) keepRecoveryCodes(c echo.Context) error {
	if err := s.Factors.KeepRecoveryCodes(c.Request().Context(), must(c)); err != nil {
		return err
	}
	return s.redirect(c, pathMe+"?done=codes_kept")
}
