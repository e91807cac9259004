package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// ErrLink says that a link opens nothing: unknown, used, ended by a newer one, expired, or its user was disabled.
var ErrLink = fault.New(fault.Ended, "this link opens nothing")

// Token is the secret of a link: 256 random bits, in lower-case letters and digits. The database has only its hash.
type Token string

// tokenForm keeps the token a plain word in an address, in every mail program.
var tokenForm = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const tokenSize = 32

func newLinkToken() Token {
	raw := make([]byte, tokenSize)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	return Token(tokenForm.EncodeToString(raw))
}

// hash is the SHA-256 by which the link is looked up; nil when the token cannot be one of ours.
func (t Token) hash() []byte {
	raw, err := tokenForm.DecodeString(string(t))
	if err != nil || len(raw) != tokenSize || tokenForm.EncodeToString(raw) != string(t) {
		return nil
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}

// Purpose is what a link is for.
type Purpose string

// The purposes of links that set a password, once, and sign nobody in. See PurposeStop for another.
const (
	PurposeInvite Purpose = "invite" // a new user's first password
	PurposeReset  Purpose = "reset"  // a forgotten one
)

// Link is a link that lives, with whom its password is for.
type Link struct {
	Purpose    Purpose
	OfficeCode string
	OfficeName string
	Username   string
	For        PasswordFor

	id   int64
	user User
}

// OpenLink returns the link of a token, and changes nothing: mail scanners open links too. It returns ErrLink.
func (s *Service) OpenLink(ctx context.Context, token Token) (Link, error) {
	hash := token.hash()
	if hash == nil {
		return Link{}, ErrLink
	}
	r, err := s.q.LinkByToken(ctx, s.pool, hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return Link{}, ErrLink
	}
	if err != nil {
		return Link{}, fmt.Errorf("read a link: %w", err)
	}
	return Link{
		Purpose: Purpose(r.Purpose), OfficeCode: r.OfficeCode, OfficeName: r.OfficeName, Username: r.Username,
		For: PasswordFor{r.Username, r.Name, r.Email, r.OfficeCode, r.OfficeName, s.product, r.TwoFactorRequired},
		id:  r.ID, user: User{ID: r.UserID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: Role(r.Role)},
	}, nil
}

// UseLink sets the user's password with a link, once, and ends the user's other links and every session. It signs
// nobody in, and leaves the second factor as it is. The same password sent once more from the same browser, by a double
// click or because the answer was lost, is set already. It returns ErrLink, *Refusal (the link stays), and ErrBusy.
func (s *Service) UseLink(ctx context.Context, token Token, password string, from Origin) error {
	password = typed.Password(password)
	err := s.useLink(ctx, token, password, from)
	if !errors.Is(err, ErrLink) || token.hash() == nil || len(from.Browser) == 0 {
		return err
	}
	hash, found := s.q.LinkUsedJustNow(ctx, s.pool, dbsqlc.LinkUsedJustNowParams{
		TokenHash: token.hash(), UsedBy: from.Browser,
	})
	if errors.Is(found, pgx.ErrNoRows) {
		return err
	}
	if found != nil {
		return fmt.Errorf("look for a link that has just been used: %w", found)
	}
	if same, compared := s.hasher.matches(ctx, owners(), password, hash); compared != nil || !same {
		return errors.Join(err, compared)
	}
	return nil
}

func (s *Service) useLink(ctx context.Context, token Token, password string, from Origin) error {
	link, err := s.OpenLink(ctx, token)
	if err != nil {
		return err
	}
	if link.Purpose == PurposeStop {
		return ErrLink // it sets no password
	}
	if problem := PasswordProblem(password, link.For); problem != nil {
		return problem
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		user, err := s.q.PasswordLock(ctx, tx, dbsqlc.PasswordLockParams{OfficeID: link.user.OfficeID, ID: link.user.ID})
		if errors.Is(err, pgx.ErrNoRows) || err == nil && user.DisabledAt != nil {
			return ErrLink
		}
		if err != nil {
			return fmt.Errorf("lock user %d: %w", link.user.ID, err)
		}
		if user.TwoFactorRequired != link.For.TwoFactorRequired {
			return fmt.Errorf("%w: the office's policy has just changed", ErrBusy)
		}
		n, err := s.q.LinkUse(ctx, tx, dbsqlc.LinkUseParams{ID: link.id, UsedBy: from.Browser})
		if err != nil {
			return fmt.Errorf("use link %d: %w", link.id, err)
		}
		if n == 0 {
			return ErrLink
		}
		set := Changed{
			Way: WayPassword, What: noticePassword, Mail: "password_reset", From: from,
			Event: audit.Event{Action: audit.PasswordReset},
		}
		if link.Purpose == PurposeInvite {
			set.Way, set.Mail, set.Event.Action = WayFirstPassword, "password_first", audit.InvitationUsed
		}
		return s.setPassword(ctx, tx, link.user, hash, long(password), set)
	})
}

// setPassword is what every change of a password by its user does: the new hash, and what follows (see WayIn).
func (s *Service) setPassword(ctx context.Context, tx pgx.Tx, user User, hash string, isLong bool, c Changed) error {
	err := s.q.PasswordSet(ctx, tx, dbsqlc.PasswordSetParams{ID: user.ID, PasswordHash: hash, PasswordLong: &isLong})
	if err != nil {
		return fmt.Errorf("set the password of user %d: %w", user.ID, err)
	}
	c.UserID = user.ID
	c.Event.Office, c.Event.Actor, c.Event.Address = user.OfficeID, user.Person(), c.From.Address
	if err := s.ways.Changed(ctx, tx, c); err != nil {
		return err
	}
	if len(c.From.Browser) == 0 {
		return nil
	}
	// Whoever set it, with a link that only the user has or in a session of theirs, is no stranger in this browser.
	err = s.q.KnownBrowserPut(ctx, tx, dbsqlc.KnownBrowserPutParams{
		UserID: user.ID, BrowserHash: c.From.Browser, Level: 1,
	})
	if err != nil {
		return fmt.Errorf("remember the browser of user %d: %w", user.ID, err)
	}
	return nil
}

// noticePassword is what the user is told on screen: notice.password_changed.
const noticePassword = "password_changed"

// linkPath is where the page of a link stands; handlers/routes.go has the same.
const linkPath = "/link/"

// LinkURL is the address of a link, under the configured public origin: never under one that a request names.
func LinkURL(origin string, token Token) string {
	return strings.TrimRight(origin, "/") + linkPath + string(token)
}
