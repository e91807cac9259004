// Package office is an office and its policy: whether two factors are mandatory, what activating that
// would mean to whom, and the switch itself.
//
// The rule it protects: only a superuser turns the switch, and the whole office is under the new policy
// from the next request on, since every request reads it from the database.
package office

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/typed"
)

var (
	errCode = errors.New("the office code needs 1 to 32 letters, digits or hyphens, and begins with a letter or digit")
	errName = errors.New("the office's name needs 1 to 120 characters")

	// ErrNotAllowed says that only a superuser may do this.
	ErrNotAllowed = fault.Forbidden
	// ErrUnknown says that there is no office with this code.
	ErrUnknown = fault.New(fault.NotFound, "no such office")
)

// changing is the act of a superuser who changes what the office demands and allows.
var changing = session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}

// Service serves all offices.
type Service struct {
	pool     *db.Pool
	q        *dbsqlc.Queries
	ways     *account.Ways
	log      *audit.Log
	provider string
}

// noticeForcedOff is twofactor.NoticeForcedOff, which this package cannot reach.
const noticeForcedOff = "forced_off"

// New returns the Service. provider names where text messages go, "" when nowhere.
func New(pool *db.Pool, ways *account.Ways, log *audit.Log, provider string) *Service {
	return &Service{pool, dbsqlc.New(), ways, log, provider}
}

// Preflight is what activating would mean: the office's enabled users by the state of their second
// factor (Users is the sum of the other three), and whether text messages can be sent.
type Preflight struct {
	Users       int
	Ready       int // confirmed number or authenticator app
	Unconfirmed int // a number, not confirmed
	Without     int // no method yet
	Sending     Sending
	SSO         int    // of Users, who sign in by the office's provider
	SSOPolicy   string // what becomes of that: refuse, trust or ask; "" without a provider
}

// Sending says whether text messages go out, as far as the last hour tells.
type Sending struct {
	Provider string // "" when none is configured
	Trouble  string // what the provider said last: a class of sms.Outcome, "" when all is well
}

// Works reports whether nothing speaks against sending.
func (s Sending) Works() bool { return s.Provider != "" && s.Trouble == "" }

// Preflight counts, for the modal.
func (s *Service) Preflight(ctx context.Context, officeID int64) (Preflight, error) {
	r, err := s.q.OfficePreflight(ctx, s.pool, officeID)
	if err != nil {
		return Preflight{}, fmt.Errorf("count users of office %d: %w", officeID, err)
	}
	p := Preflight{Users: int(r.Users), Ready: int(r.Ready), Unconfirmed: int(r.Unconfirmed), Without: int(r.Without)}
	p.Sending.Provider = s.provider
	last, err := s.q.SendLatest(ctx, s.pool)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Preflight{}, fmt.Errorf("read the last send: %w", err)
	}
	switch sms.Class(last.Class) {
	case sms.Account, sms.Ours, sms.Unknown:
		p.Sending.Trouble = last.Class
	}
	sso, err := s.q.SSOPreflight(ctx, s.pool, officeID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Preflight{}, fmt.Errorf("count who signs in by single sign-on in office %d: %w", officeID, err)
	}
	p.SSO, p.SSOPolicy = int(sso.Users), sso.Policy
	return p, nil
}

// Activate makes two factors mandatory for the session's office. Activating twice does no harm.
// Sessions without a second factor become pending log-ins, the superuser's own included, and what was under way in them
// ends. It returns ErrNotAllowed, fault.StepUpRequired, and ErrDateSet where people were told a date.
func (s *Service) Activate(ctx context.Context, sess session.Session, client session.Client) error {
	err := session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		was, err := s.rollout(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		if !was.From.IsZero() {
			return ErrDateSet
		}
		return s.set(ctx, tx, sess.User.OfficeID, true, sess.Event(audit.TwoFactorActivated, client))
	})
	if errors.Is(err, session.ErrNone) {
		return nil // pending by now: it is activated
	}
	return err
}

// SwitchOff ends the demand for a second factor. It returns ErrNotAllowed, and fault.StepUpRequired unless the
// superuser proved theirs in the last ten minutes.
func (s *Service) SwitchOff(ctx context.Context, sess session.Session, client session.Client) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		return s.set(ctx, tx, sess.User.OfficeID, false, sess.Event(audit.TwoFactorSwitched, client))
	})
}

// ByCode returns the id and the name of the office of a code. It returns ErrUnknown.
func (s *Service) ByCode(ctx context.Context, code string) (id int64, name string, err error) {
	row, err := s.q.OfficeByCode(ctx, s.pool, account.CanonicalOfficeCode(code))
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, "", ErrUnknown
	}
	if err != nil {
		return 0, "", fmt.Errorf("find office: %w", err)
	}
	return row.ID, row.Name, nil
}

// ForceOff is the operator's way back in when a whole office is locked out. The office's superusers are told.
// It returns ErrUnknown.
func (s *Service) ForceOff(ctx context.Context, code string) error {
	id, _, err := s.ByCode(ctx, code)
	if err != nil {
		return err
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		return s.set(ctx, tx, id, false, audit.Event{
			Office: id, Actor: audit.CommandLine, Action: audit.TwoFactorSwitched,
		})
	})
}

func (s *Service) set(ctx context.Context, tx pgx.Tx, officeID int64, required bool, event audit.Event) error {
	changed, err := s.q.OfficeTwoFactorSet(ctx, tx, dbsqlc.OfficeTwoFactorSetParams{ID: officeID, Required: required})
	if err != nil {
		return fmt.Errorf("set two-factor of office %d: %w", officeID, err)
	}
	if changed == 0 {
		return nil
	}
	// Whoever trusted a browser did so under the policy before.
	if _, err := session.EndTrust(ctx, tx, session.Which{OfficeID: officeID}); err != nil {
		return err
	}
	if required {
		if err := session.Demote(ctx, tx, officeID, session.AllSources); err != nil {
			return err
		}
	}
	if err := s.log.Write(ctx, tx, event); err != nil {
		return err
	}
	if event.Actor == audit.CommandLine {
		return s.ways.NotifySuperusers(ctx, tx, officeID, noticeForcedOff)
	}
	return nil
}

// Office is a line of the list.
type Office struct {
	Code              string
	Name              string
	TwoFactorRequired bool
}

// List returns all offices by code, for the operator.
func (s *Service) List(ctx context.Context) ([]Office, error) {
	rows, err := s.q.OfficeList(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("list offices: %w", err)
	}
	offices := make([]Office, len(rows))
	for i, r := range rows {
		offices[i] = Office(r)
	}
	return offices, nil
}

var codeForm = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,31}$`)

// Create adds an office. Its errors are sentences: a code that is taken or not one, a missing name.
func (s *Service) Create(ctx context.Context, code, name string, actor audit.Person) error {
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := s.CreateTx(ctx, tx, code, name, actor)
		return err
	})
	code = account.CanonicalOfficeCode(code)
	if db.IsUnique(err) {
		return fmt.Errorf("there is an office %s already", code)
	}
	if err != nil && !errors.Is(err, errCode) && !errors.Is(err, errName) {
		return fmt.Errorf("create office %s: %w", code, err)
	}
	return err
}

// CreateTx is Create in the transaction of whoever adds its first user too, and returns the office's id.
func (s *Service) CreateTx(ctx context.Context, tx pgx.Tx, code, name string, actor audit.Person) (int64, error) {
	code, name = account.CanonicalOfficeCode(code), typed.Line(name)
	if !codeForm.MatchString(code) {
		return 0, errCode
	}
	if name == "" || len([]rune(name)) > 120 {
		return 0, errName
	}
	row, err := s.q.OfficeInsert(ctx, tx, dbsqlc.OfficeInsertParams{Code: code, Name: name})
	if err != nil {
		return 0, err
	}
	if err := s.openUsual(ctx, tx, row.ID); err != nil {
		return 0, err
	}
	return row.ID, s.log.Write(ctx, tx,
		audit.Event{Office: row.ID, Actor: actor, Action: audit.OfficeCreated, Detail: code})
}

// History returns a page of the office's audit events for its superuser, and whether there are more. It returns
// ErrNotAllowed.
func (s *Service) History(ctx context.Context, sess session.Session, search audit.Search) ([]audit.Entry, bool, error) {
	if !sess.User.Role.ManagesOffice() {
		return nil, false, ErrNotAllowed
	}
	return audit.List(ctx, s.pool, sess.User.OfficeID, search)
}

// ExportHistory returns the events for a file, and writes down who took it. It returns ErrNotAllowed and
// fault.StepUpRequired.
func (s *Service) ExportHistory(ctx context.Context, sess session.Session, client session.Client,
	search audit.Search) (entries []audit.Entry, err error) {
	err = session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		if entries, err = audit.Export(ctx, tx, sess.User.OfficeID, search); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, sess.Event(audit.HistoryExported, client))
	})
	return entries, err
}
