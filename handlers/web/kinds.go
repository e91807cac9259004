package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/templates"
)

// Kind is how the site shows one kind of second factor, and where its pages stand. Pages that list factors range over
// Kinds, so that a new one is a line there, its words in the catalogue, and what its own pages need.
type Kind struct {
	Kind factor.Kind
	Name string // in forms, and in the catalogue: way.<name>, method.<name>, users.<name>
	Icon string

	// Login and StepUp are where the kind is proven. Sends says that they are asked for a code by POST first, which
	// costs time and money; else they are pages.
	Login, StepUp string
	Sends         bool
	// First is the page on which a log-in sets it up as the first factor; "" for a kind that comes with another.
	First string

	// row is the kind in a list of what a user has. own says that the user looks; others see less. It is nil for a
	// user who has nothing to see.
	row func(w *Web, c echo.Context, set factor.Set, own bool) *templates.FactorRow
}

// Kinds returns the kinds in the order in which they are listed.
func Kinds() []Kind {
	return []Kind{
		{
			Kind: factor.SMS, Name: "sms", Icon: "message-square-text", Sends: true,
			Login: paths.LoginSend, StepUp: paths.StepUpSend, First: paths.LoginNumber, row: (*Web).numberRow,
		},
		{
			Kind: factor.App, Name: "app", Icon: "smartphone",
			Login: paths.LoginApp, StepUp: paths.StepUp, First: paths.LoginAppSetup, row: (*Web).appRow,
		},
		{
			Kind: factor.Passkey, Name: "passkey", Icon: "shield-check",
			Login: paths.LoginPasskey, StepUp: paths.StepUpPasskey, First: paths.LoginPasskeyNew, row: (*Web).passkeyRow,
		},
		{
			Kind: factor.Recovery, Name: "recovery", Icon: "key-round",
			Login: paths.LoginRecovery, StepUp: paths.StepUpRecovery, row: (*Web).recoveryRow,
		},
	}
}

// KindOf returns the screens of a kind. One that has none is looked for among the ways.
func KindOf(kind factor.Kind) Kind {
	kinds := Kinds()
	if i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Kind == kind }); i >= 0 {
		return kinds[i]
	}
	return Kind{Kind: kind, Name: string(kind), Icon: "key-round", Login: paths.LoginWays, StepUp: paths.StepUpWays}
}

// FactorRows lists what a user has to prove a second factor with, kind by kind.
func (w *Web) FactorRows(c echo.Context, set factor.Set, own bool) (rows []templates.FactorRow) {
	for _, k := range Kinds() {
		if row := k.row(w, c, set, own); row != nil {
			rows = append(rows, *row)
		}
	}
	return rows
}

// numberRow shows the number whole to its owner and to nobody else.
func (w *Web) numberRow(c echo.Context, set factor.Set, own bool) *templates.FactorRow {
	row := &templates.FactorRow{Heading: w.T(c, "me.mobile"), Value: w.T(c, "me.no_number")}
	change := "me.add"
	if number := set.Number(); number != nil {
		change = "me.change"
		row.Country, row.Value = string(number.Country), Masked(number.E164)
		if own {
			row.Value = number.International()
		}
		row.Good, row.Badge = set.Has(factor.SMS), w.T(c, "me.confirmed")
		if !row.Good {
			row.Badge = w.T(c, "me.not_confirmed")
		}
		if own && !row.Good {
			row.Note = w.T(c, "me.unconfirmed_text")
		}
	}
	if own {
		row.Action = &templates.FactorAction{Text: w.T(c, change), Of: w.T(c, "number.title"), URL: paths.MyNumber}
	}
	return row
}

func (w *Web) appRow(c echo.Context, set factor.Set, own bool) *templates.FactorRow {
	row := &templates.FactorRow{Heading: w.T(c, "me.app"), Value: w.T(c, "me.app_off")}
	action := templates.FactorAction{Text: w.T(c, "me.app_setup"), Of: row.Heading, URL: paths.MyApp}
	if set.Has(factor.App) {
		row.Value, row.Good, row.Badge = "", true, w.T(c, "me.app_on")
		action = templates.FactorAction{Text: w.T(c, "me.app_remove"), Of: row.Heading, URL: paths.MyAppRemove, Post: true,
			Takes: true}
	}
	if own {
		row.Action = &action
	}
	return row
}

// passkeyRow says how many there are; their owner manages them on a page of their own.
func (w *Web) passkeyRow(c echo.Context, set factor.Set, own bool) *templates.FactorRow {
	n := set.Of(factor.Passkey).Amount
	if n == 0 && (!own || !w.factors.Offers(factor.Passkey)) {
		return nil
	}
	row := &templates.FactorRow{Heading: w.T(c, "me.passkeys"), Value: w.T(c, "me.passkeys_none")}
	change := "passkey.add"
	if n > 0 {
		row.Value, row.Good, row.Badge, change = "", true, w.N(c, "me.passkeys_count", n), "me.passkeys_manage"
	}
	if own {
		row.Action = &templates.FactorAction{Text: w.T(c, change), Of: row.Heading, URL: paths.MyPasskeys}
	}
	return row
}

// recoveryRow is for the owner alone, beside a factor: codes on paper are the way round one that is lost.
func (w *Web) recoveryRow(c echo.Context, set factor.Set, own bool) *templates.FactorRow {
	if !own || !set.HasFactor() {
		return nil
	}
	row := &templates.FactorRow{
		Heading: w.T(c, "me.recovery"), Lead: w.T(c, "me.recovery_text"), Value: w.T(c, "me.recovery_none"),
		Action: &templates.FactorAction{Text: w.T(c, "me.recovery_new"), URL: paths.RecoveryCodes, Post: true},
	}
	if left := set.Of(factor.Recovery).Amount; left > 0 {
		row.Value = w.N(c, "me.recovery_left", left)
	}
	return row
}
