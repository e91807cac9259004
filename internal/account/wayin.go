package account

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// WayIn is a kind of way into an account: what a change of it ends and whom it tells stands in one place, follows.
type WayIn string

// The kinds.
const (
	WayPassword      WayIn = "password"       // another one, by its user
	WayFirstPassword WayIn = "first_password" // the invitation's
	WayFirstFactor   WayIn = "first_factor"   // enrolled at a log-in
	WayFactor        WayIn = "factor"         // changed, added or removed in settings
	WayReset         WayIn = "reset"          // every factor taken away by somebody else
	WayAddress       WayIn = "address"        // the e-mail address, where links go
	WaySSO           WayIn = "sso"            // a link to a provider's account, made
	WayNoSSO         WayIn = "no_sso"         // the same, removed
	WayRecovery      WayIn = "recovery"       // new recovery codes
	WayTrust         WayIn = "trust"          // a browser in which no second factor is asked for
)

// consequences are a notice on screen, and the links, sessions and known browsers that end.
type consequences struct{ onScreen, links, sessions, browsers bool }

// follows returns what follows a change of a way in, beside the mail and the history. Whoever made the change at a
// log-in, or with an invitation, would read the notice themselves: there is none.
func (w WayIn) follows() consequences {
	switch w {
	case WayPassword, WayReset:
		return consequences{onScreen: true, links: true, sessions: true, browsers: true}
	case WayFirstPassword:
		return consequences{links: true, sessions: true, browsers: true}
	case WayFirstFactor:
		return consequences{sessions: true}
	case WayFactor, WayNoSSO:
		return consequences{onScreen: true, sessions: true}
	case WayTrust:
		return consequences{}
	case WayAddress:
		return consequences{onScreen: true, links: true}
	default: // WaySSO, WayRecovery
		return consequences{onScreen: true}
	}
}

// Sessions ends every session of a user but one (0: every one).
type Sessions interface {
	EndOf(ctx context.Context, tx pgx.Tx, userID, except int64) error
}

// Ways is the one place that knows what follows when a way into an account changes: who is told, and what ends.
type Ways struct {
	q        *dbsqlc.Queries
	post     Post
	sessions Sessions
	log      *audit.Log
}

// NewWays returns Ways. Where this installation sends no mail, post is NoMail.
func NewWays(post Post, sessions Sessions, log *audit.Log) *Ways {
	return &Ways{dbsqlc.New(), post, sessions, log}
}

// CanMail reports whether this installation sends mail.
func (w *Ways) CanMail() bool { return w.post.CanMail() }

// Changed is one change of a way in.
type Changed struct {
	Way    WayIn
	UserID int64
	// What it says: the catalogue's notice.<What> and mail.<What>_subject.
	What string
	// Mail is the kind of the mail where that is not What.
	Mail string
	// Link: the mail brings a link that sets a password.
	Link bool
	// Keep is the session in which it was done, which goes on.
	Keep int64
	// From is where it was done, as the mail tells it; Browser of it stays known.
	From Origin
	// Was is the address before, for WayAddress: it is told too.
	Was   string
	Event audit.Event
}

// Changed does what follows a change, earlier in tx, of a way in: the user's pages and their mail tell it, what was
// made for the way before ends, and the history has it.
func (w *Ways) Changed(ctx context.Context, tx pgx.Tx, c Changed) error {
	if err := w.end(ctx, tx, c); err != nil {
		return err
	}
	if err := w.tell(ctx, tx, c); err != nil {
		return err
	}
	return w.log.Write(ctx, tx, c.Event)
}

// end ends what was made for the way before.
func (w *Ways) end(ctx context.Context, tx pgx.Tx, c Changed) error {
	f := c.Way.follows()
	if f.sessions {
		if err := w.sessions.EndOf(ctx, tx, c.UserID, c.Keep); err != nil {
			return err
		}
	}
	if f.links {
		if err := w.q.LinkEndOfUser(ctx, tx, dbsqlc.LinkEndOfUserParams{UserID: c.UserID}); err != nil {
			return fmt.Errorf("end the links of user %d: %w", c.UserID, err)
		}
	}
	if f.browsers {
		keep := c.From.Browser
		if c.Keep == 0 {
			keep = nil
		}
		err := w.q.KnownBrowserForget(ctx, tx, dbsqlc.KnownBrowserForgetParams{UserID: c.UserID, Keep: keep})
		if err != nil {
			return fmt.Errorf("forget the browsers of user %d: %w", c.UserID, err)
		}
	}
	return nil
}

// tell leaves the notice and queues the mails of a change.
func (w *Ways) tell(ctx context.Context, tx pgx.Tx, c Changed) error {
	if c.Way.follows().onScreen {
		if err := w.notice(ctx, tx, c.UserID, c.What); err != nil {
			return err
		}
	}
	mail := Mail{UserID: c.UserID, Kind: c.What, Language: c.From.Language, From: c.From}
	if c.Event.Actor.ID != c.UserID {
		mail.By = c.Event.Actor.ID
	}
	if c.Mail != "" {
		mail.Kind = c.Mail
	}
	if c.Link {
		return w.link(ctx, tx, PurposeReset, false, mail)
	}
	if err := w.post.Mail(ctx, tx, mail); err != nil {
		return err
	}
	if c.Was == "" {
		return nil
	}
	mail.Kind, mail.To = "address_left", c.Was
	return w.post.Mail(ctx, tx, mail)
}

// link makes a link that sets a user's password, and queues the mail that brings it. It lives as long as an invitation
// where the user was invited, and else for minutes.
func (w *Ways) link(ctx context.Context, tx pgx.Tx, purpose Purpose, invited bool, mail Mail) error {
	if !w.CanMail() {
		return ErrNoMail
	}
	token := newLinkToken()
	id, err := w.q.LinkInsert(ctx, tx, dbsqlc.LinkInsertParams{
		Purpose: string(purpose), UserID: mail.UserID, TokenHash: token.hash(), Invited: invited,
	})
	if err != nil {
		return fmt.Errorf("make a link for user %d: %w", mail.UserID, err)
	}
	mail.LinkID, mail.Token = id, token
	return w.post.Mail(ctx, tx, mail)
}

// Restart is the mail that brings the link of a reset.
const Restart = "factor_restart"
