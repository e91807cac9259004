// Package operator serves an operator's questions over all offices: how messages fare, why a user is
// waiting, and what the offices use and pay; and it does the few things an operator may do about it.
//
// The rules it protects: an operator sees no code and no whole number; every look-up of a user and every
// act is in the audit log; and each question is answered from indexes, within a period, so that asking
// never slows a log-in. Start at Overview and Look; why.go says in a sentence what a user waits for.
package operator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/typed"
)

var (
	// ErrUnknown says that there is no such user, challenge or office.
	ErrUnknown = fault.New(fault.NotFound, "unknown")
	// ErrOver says that the challenge has ended, or that the log-in it belongs to has.
	ErrOver = fault.New(fault.Ended, "over already")
	// ErrCap says that what was typed is no amount of money.
	ErrCap = fault.New(fault.Invalid, "an amount is a number with at most two decimals")
)

// Anew makes a new challenge in the log-in of an old one, for the same purpose, and queues its message.
type Anew interface {
	ResendNew(ctx context.Context, challengeID int64) error
}

// Service serves the installation.
type Service struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	log  *audit.Log
	anew Anew

	overviews kept[faring, Fared]
	perOffice kept[struct{}, map[int64]int] // messages this month
}

// New returns the Service. anew may be nil where nothing is sent.
func New(pool *db.Pool, log *audit.Log, anew Anew) *Service {
	return &Service{pool: pool, q: dbsqlc.New(), log: log, anew: anew}
}

// By is who does it: the operator, and from where.
type By struct {
	Operator audit.Person
	Address  string
}

func (b By) event(action audit.Action, officeID int64, subject audit.Person, detail string) audit.Event {
	return audit.Event{
		Office: officeID, Actor: b.Operator, Subject: subject, Action: action, Detail: detail, Address: b.Address,
	}
}

// Owner is whose challenge one is, for the page to come back to.
type Owner struct {
	Office   string // code
	Username string
	Live     bool // the challenge can still be ended
}

// OwnerOf returns ErrUnknown.
func (s *Service) OwnerOf(ctx context.Context, challengeID int64) (Owner, error) {
	r, err := s.owner(ctx, s.pool, challengeID)
	return Owner{r.OfficeCode, r.Username, r.EndedAt == nil}, err
}

func (s *Service) owner(ctx context.Context, tx dbsqlc.DBTX, challengeID int64) (
	dbsqlc.OperatorChallengeOwnerRow, error) {
	r, err := s.q.OperatorChallengeOwner(ctx, tx, challengeID)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, ErrUnknown
	}
	if err != nil {
		return r, fmt.Errorf("find challenge %d: %w", challengeID, err)
	}
	return r, nil
}

// EndChallenge makes a live code useless. It returns ErrUnknown, and ErrOver when it had ended.
func (s *Service) EndChallenge(ctx context.Context, by By, challengeID int64) error {
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		r, err := s.owner(ctx, tx, challengeID)
		if err != nil {
			return err
		}
		ended, err := s.q.OperatorChallengeEnd(ctx, tx, challengeID)
		if err != nil {
			return fmt.Errorf("end challenge %d: %w", challengeID, err)
		}
		if ended == 0 {
			return ErrOver
		}
		return s.log.Write(ctx, tx, by.event(audit.ChallengeEnded, r.OfficeID, audit.Person{ID: r.UserID, Name: r.Username},
			""))
	})
}

// ResendNew has a new code sent in the log-in that the challenge belongs to. It returns ErrUnknown, ErrOver
// when that log-in has ended, and what Anew says, such as a limit.
func (s *Service) ResendNew(ctx context.Context, by By, challengeID int64) error {
	r, err := s.owner(ctx, s.pool, challengeID)
	if err != nil {
		return err
	}
	if !r.SessionLives || s.anew == nil {
		return ErrOver
	}
	if err := s.anew.ResendNew(ctx, challengeID); err != nil {
		return fmt.Errorf("send anew for challenge %d: %w", challengeID, err)
	}
	return s.log.Write(ctx, s.pool, by.event(audit.ChallengeRenewed, r.OfficeID,
		audit.Person{ID: r.UserID, Name: r.Username}, ""))
}

var prefixForm = regexp.MustCompile(`^\+[1-9][0-9]{1,10}$`)

// ReleasePrefix lets messages to a stopped range go again: only what comes after now counts against it.
func (s *Service) ReleasePrefix(ctx context.Context, by By, prefix string) error {
	if !prefixForm.MatchString(prefix) {
		return ErrUnknown
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.q.PrefixReleasePut(ctx, tx, prefix); err != nil {
			return fmt.Errorf("release a prefix: %w", err)
		}
		return s.log.Write(ctx, tx, by.event(audit.PrefixReleased, 0, audit.Person{}, MaskedRange(prefix)))
	})
}

// MaskedRange shows a range of 100 000 numbers by what they have in common.
func MaskedRange(prefix string) string { return prefix + "•••••" }

var capForm = regexp.MustCompile(`^[0-9]{1,9}([.,][0-9]{1,2})?$`)

// amount reads what was typed; nil is no cap.
func amount(text string) (*string, error) {
	text = typed.Line(text)
	if text == "" {
		return nil, nil //nolint:nilnil // no amount is an answer
	}
	if !capForm.MatchString(text) {
		return nil, ErrCap
	}
	text = strings.Replace(text, ",", ".", 1)
	return &text, nil
}

func capDetail(amount *string) string {
	if amount == nil {
		return "none"
	}
	return *amount
}

// CapInstallation sets the most that all offices together may spend in a month; "" is no cap. It returns ErrCap.
func (s *Service) CapInstallation(ctx context.Context, by By, typed string) error {
	most, err := amount(typed)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.q.InstallationCapSet(ctx, tx, most); err != nil {
			return fmt.Errorf("set the installation's cap: %w", err)
		}
		return s.log.Write(ctx, tx, by.event(audit.MoneyCapSet, 0, audit.Person{}, capDetail(most)))
	})
}

// CapOffice sets the most that an office may spend in a month; "" is no cap. It returns ErrCap and ErrUnknown.
func (s *Service) CapOffice(ctx context.Context, by By, officeID int64, typed string) error {
	most, err := amount(typed)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		row, err := s.q.OfficeCapSet(ctx, tx, dbsqlc.OfficeCapSetParams{Cap: most, ID: officeID})
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("set the cap of office %d: %w", officeID, err)
		}
		return s.log.Write(ctx, tx, by.event(audit.MoneyCapSet, row.ID, audit.Person{}, capDetail(most)))
	})
}

// find reads what the operator typed, as a log-in does.
func find(officeCode, username string) (code string, usernames []string) {
	return account.CanonicalOfficeCode(officeCode), account.LookUp(username)
}
