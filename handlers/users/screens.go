// Package users is an office's users in the hands of its accountants and superusers: the list, a user's page, and
// import and export.
package users

import (
	"context"

	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/users"
)

// Profiles reads a user of an office.
type Profiles interface {
	Profile(ctx context.Context, officeID, userID int64) (account.Profile, error)
}

// Factors registers and resets other users' factors.
type Factors interface {
	SealTyped(sess session.Session, userID int64, number phone.Number) string
	OpenTyped(sess session.Session, userID int64, sealed string) string
	RegisterNumber(ctx context.Context, sess session.Session, client session.Client, userID int64,
		number phone.Number) error
	Reset(ctx context.Context, sess session.Session, client session.Client, userID int64) (twofactor.Handover, error)
}

// Screens are the pages of an office's users.
type Screens struct {
	*web.Web
	users    *users.Service
	profiles Profiles
	factors  Factors
	rescue   Rescue
}

// New returns the Screens.
func New(
	w *web.Web, service *users.Service, profiles Profiles, factors Factors, helps Rescue,
) *Screens {
	return &Screens{w, service, profiles, factors, helps}
}
