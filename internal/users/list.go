package users

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/twofactor"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// PageSize is how many users one page of the list has.
const PageSize = 50

// Row is a user in the list.
type Row struct {
	account.Profile
	HasPassword bool
	ResetAsked  bool
	AsksHelp    bool // at the second step of a log-in: see package rescue
	MailFailed  bool // the last mail to them did not arrive
	MayInvite   bool // has no password, and an address
	Invitation  Invitation
}

// Invitation is the link to a first password that a user was sent last. The zero value is none.
type Invitation struct {
	At    time.Time
	Until time.Time
	Over  bool // it opens nothing any more
}

func invitation(at, until *time.Time, over bool) Invitation {
	if at == nil || until == nil {
		return Invitation{}
	}
	return Invitation{*at, *until, over}
}

// Listing is one page of an office's users.
type Listing struct {
	Users []Row
	Page  int // from 1
	Found int // users that the search finds, on all pages
	Total int // users of the office
}

// Pages is how many pages there are, at least one.
func (l Listing) Pages() int { return max(1, (l.Found+PageSize-1)/PageSize) }

// List returns a page (from 1) of an office's users by name: those whose name or username has the search in
// it, all when it is empty. A page that does not exist is the first.
func (s *Service) List(ctx context.Context, officeID int64, search string, page int) (Listing, error) {
	list := Listing{Page: page}
	if page < 1 || page > 100_000 {
		list.Page = 1
	}
	search = typed.Line(search)
	total, err := s.q.OfficeUserCount(ctx, s.pool, officeID)
	if err != nil {
		return Listing{}, fmt.Errorf("count users: %w", err)
	}
	list.Total = int(total)
	params := dbsqlc.OfficeUserPageParams{
		OfficeID: officeID, Search: search, Username: account.CanonicalUsername(search),
		AtMost: PageSize, Skip: int32((list.Page - 1) * PageSize), // #nosec G115 -- bounded above
	}
	if params.Username == "" && search != "" {
		params.Username = search // it has nothing that a username could have: it finds none
	}
	rows, err := s.q.OfficeUserPage(ctx, s.pool, params)
	if err != nil {
		return Listing{}, fmt.Errorf("list users: %w", err)
	}
	if len(rows) == 0 && list.Page > 1 {
		return s.List(ctx, officeID, search, 1)
	}
	for _, r := range rows {
		list.Found = int(r.Found)
		factors, err := factor.ParseSet(r.Factors)
		if err != nil {
			return Listing{}, err
		}
		list.Users = append(list.Users, Row{
			Profile: account.Profile{
				User: account.User{
					ID: r.ID, OfficeID: officeID, Username: r.Username, Name: r.Name, Role: account.Role(r.Role),
				},
				Disabled: r.DisabledAt != nil, Factors: factors,
			},
			HasPassword: r.HasPassword, ResetAsked: r.ResetAsked, AsksHelp: r.AsksHelp,
			MailFailed: r.MailFailed, MayInvite: !r.HasPassword && r.HasEmail && r.DisabledAt == nil,
			Invitation: invitation(r.InvitedAt, r.InvitedUntil, r.InvitationOver),
		})
	}
	return list, nil
}

// WithoutNumber returns who of an office has neither a number nor another factor, by name, PageSize of them at most, as
// far as somebody of role actor may register their number; and how many there are.
func (s *Service) WithoutNumber(ctx context.Context, officeID int64, actor account.Role) (
	list []account.User, found int, err error) {
	var roles []string
	for _, role := range Roles {
		if twofactor.MayRegister(actor, role) {
			roles = append(roles, string(role))
		}
	}
	rows, err := s.q.OfficeUserWithoutNumber(ctx, s.pool, dbsqlc.OfficeUserWithoutNumberParams{
		OfficeID: officeID, Roles: roles, AtMost: PageSize,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list users without a number: %w", err)
	}
	for _, r := range rows {
		found = int(r.Found)
		list = append(list, account.User{ID: r.ID, OfficeID: officeID, Username: r.Username, Name: r.Name})
	}
	return list, found, nil
}

// Standing is what a superuser sees of a user beside their settings.
type Standing struct {
	HasPassword    bool
	PasswordVoided bool // by a reset: a link to a new one was mailed
	LinkLives      bool // one that sets the password
	Invitation     Invitation
	WordOwed       bool   // by a reset: no factor is enrolled without it
	WordLives      bool   // it can be given still
	SingleSignOn   bool   // an account at the office's provider is linked
	Sessions       int    // living ones
	AsksHelp       bool   // at the second step of a log-in: see package rescue
	ResetAskBy     string // who asked for a reset, "" when nobody did
	ResetAskAt     time.Time
	Mail           LastMail
}

// LastMail is what became of the newest mail to a user's address.
type LastMail struct {
	Kind  string
	Fault mail.Fault // "" when it went out, or nothing is known yet
	Code  int        // of the mail server's answer
	Final bool       // it is not tried again
}

// Brings reports whether it is a mail that brings the way to a first password, or to one after a reset.
func (m LastMail) Brings() bool {
	return m.Kind == string(account.PurposeInvite) || m.Kind == account.Restart
}

// Standing returns for a user of an office, or account.ErrUnknown.
func (s *Service) Standing(ctx context.Context, officeID, userID int64) (Standing, error) {
	r, err := s.q.OfficeUserStanding(ctx, s.pool, dbsqlc.OfficeUserStandingParams{OfficeID: officeID, ID: userID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Standing{}, account.ErrUnknown
	}
	if err != nil {
		return Standing{}, fmt.Errorf("read the standing of user %d: %w", userID, err)
	}
	standing := Standing{
		HasPassword: r.HasPassword, PasswordVoided: r.PasswordVoided, LinkLives: r.LinkLives, WordOwed: r.WordOwed,
		WordLives: r.WordLives, SingleSignOn: r.SingleSignOn, Sessions: int(r.Sessions), AsksHelp: r.AsksHelp,
		ResetAskBy: text(r.AskedBy), Invitation: invitation(r.InvitedAt, r.InvitedUntil, r.InvitationOver),
		Mail: LastMail{r.MailKind, mail.Fault(r.MailFault), int(r.MailCode), r.MailFinal},
	}
	if r.AskedAt != nil {
		standing.ResetAskAt = *r.AskedAt
	}
	return standing, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
