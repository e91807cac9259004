// Package account knows who may sign in: users, their roles and passwords, and the first step of a log-in.
//
// The rule it protects: a wrong office, a wrong user, a disabled user and a wrong password look the same
// and take the same time, and guessing is slowed down without locking anybody out. Start at SignIn.
package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// ErrUnknown says that the office has no such user. Another office's user is as unknown as none.
var ErrUnknown = fault.New(fault.NotFound, "no such user")

// Service serves the users of all offices.
type Service struct {
	pool   *db.Pool
	q      *dbsqlc.Queries
	hasher *Hasher
	ways   *Ways
	outbox Outbox
	log    *audit.Log

	product string
}

// Outbox queues jobs in the transaction of what causes them.
type Outbox interface {
	// AnswerForgotten queues the look-up of who asked for a new password, and the mail to them.
	AnswerForgotten(ctx context.Context, tx pgx.Tx, forgottenID int64) error
}

// New returns the Service. product is the product's name, which no password may hold.
func New(
	pool *db.Pool, hasher *Hasher, ways *Ways, outbox Outbox, log *audit.Log, product string,
) *Service {
	return &Service{pool, dbsqlc.New(), hasher, ways, outbox, log, product}
}

// User is who signed in.
type User struct {
	ID       int64
	OfficeID int64 // 0: an operator
	Username string
	Name     string
	Role     Role
	Language string // BCP 47, or "" for the browser's
	// PasswordVersion is that of the password that was proven; 0 where none was. See session.Store.Start.
	PasswordVersion int64
}

// Person is the user in audit events.
func (u User) Person() audit.Person { return audit.Person{ID: u.ID, Name: u.Username} }

// IsOperator reports whether the user runs the installation and belongs to no office.
func (u User) IsOperator() bool { return u.Role == RoleOperator }

// Profile is a user as settings show them, with their second factors.
type Profile struct {
	User
	Email     string
	Disabled  bool
	CreatedAt time.Time
	Factors   factor.Set
}

// Profile returns one user of an office, or ErrUnknown.
func (s *Service) Profile(ctx context.Context, officeID, userID int64) (Profile, error) {
	r, err := s.q.UserInOffice(ctx, s.pool, dbsqlc.UserInOfficeParams{OfficeID: officeID, ID: userID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Profile{}, ErrUnknown
	}
	if err != nil {
		return Profile{}, fmt.Errorf("read user %d: %w", userID, err)
	}
	factors, err := factor.ParseSet(r.Factors)
	if err != nil {
		return Profile{}, err
	}
	user := User{
		ID: r.ID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Role: Role(r.Role), Language: r.Language,
	}
	return Profile{user, r.Email, r.DisabledAt != nil, r.CreatedAt, factors}, nil
}

// NewUser is what Create needs.
type NewUser struct {
	OfficeCode string
	Username   string
	Name       string
	Email      string
	Role       Role
	Password   string
	Invite     bool // no password: the user sets it with a link that is mailed to them
}

// Create adds a user to an office and returns their id. Its errors are sentences for whoever typed the
// command: an unknown office or role, a username that is taken or not one, a password that is too weak.
func (s *Service) Create(ctx context.Context, n NewUser, actor audit.Person) (int64, error) {
	n.OfficeCode, n.Username = CanonicalOfficeCode(n.OfficeCode), CanonicalUsername(n.Username)
	n.Name, n.Email, n.Role = typed.Line(n.Name), typed.Email(n.Email), Role(strings.ToLower(typed.Line(string(n.Role))))
	n.Password = typed.Password(n.Password)
	if !validUsername(n.Username) {
		return 0, errUsername
	}
	if n.Name == "" || len([]rune(n.Name)) > 120 {
		return 0, errors.New("the name needs 1 to 120 characters")
	}
	if n.Email != "" && !ValidEmail(n.Email) {
		return 0, fmt.Errorf("%q is not an e-mail address", n.Email)
	}
	if !n.Role.Valid() {
		return 0, fmt.Errorf("%q is not a role: choose user, accountant or superuser", n.Role)
	}
	office, err := s.q.OfficeByCode(ctx, s.pool, n.OfficeCode)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("there is no office %s", n.OfficeCode)
	}
	if err != nil {
		return 0, fmt.Errorf("find office %s: %w", n.OfficeCode, err)
	}
	if n.Invite {
		return s.createInvited(ctx, office.ID, n, actor)
	}
	problem := PasswordProblem(n.Password, PasswordFor{
		n.Username, n.Name, n.Email, office.Code, office.Name, s.product, office.TwoFactorRequired,
	})
	if problem != nil {
		return 0, fmt.Errorf("%w: %w", errPassword, problem)
	}
	hash, err := s.hasher.Hash(ctx, n.Password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		id, err = s.q.UserInsert(ctx, tx, dbsqlc.UserInsertParams{
			OfficeID: office.ID, Username: n.Username, Name: n.Name, Email: n.Email, Role: string(n.Role), PasswordHash: hash,
		})
		if err != nil {
			return err
		}
		if err := s.q.PasswordSet(ctx, tx, dbsqlc.PasswordSetParams{ID: id, PasswordHash: hash,
			PasswordLong: ref(long(n.Password))}); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{Office: office.ID, Actor: actor,
			Subject: audit.Person{ID: id, Name: n.Username},
			Action:  audit.UserCreated, Detail: string(n.Role)})
	})
	if db.IsUnique(err) {
		return 0, fmt.Errorf("office %s already has a user %s", n.OfficeCode, n.Username)
	}
	if err != nil {
		return 0, fmt.Errorf("create user: %w", err)
	}
	return id, nil
}

// Find returns the id of a user by office code and username, as typed, or a sentence about which is unknown.
func (s *Service) Find(ctx context.Context, officeCode, username string) (officeID, userID int64, err error) {
	officeCode = CanonicalOfficeCode(officeCode)
	office, err := s.q.OfficeByCode(ctx, s.pool, officeCode)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, fmt.Errorf("there is no office %s", officeCode)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find office %s: %w", officeCode, err)
	}
	user, err := s.q.UserInOfficeByUsername(ctx, s.pool, dbsqlc.UserInOfficeByUsernameParams{OfficeID: office.ID,
		Usernames: LookUp(username)})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, fmt.Errorf("office %s has no user %s: %w", officeCode, CanonicalUsername(username), ErrUnknown)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find user %s: %w", CanonicalUsername(username), err)
	}
	return office.ID, user.ID, nil
}

// SetLanguage keeps the language that a user chose, one of the catalogue.
func (s *Service) SetLanguage(ctx context.Context, userID int64, language string) error {
	if err := s.q.UserLanguageSet(ctx, s.pool, dbsqlc.UserLanguageSetParams{ID: userID, Language: language}); err != nil {
		return fmt.Errorf("set language of user %d: %w", userID, err)
	}
	return nil
}

// SetPassword gives a user a new password. It is for the demo office, whose password stands in a file.
func (s *Service) SetPassword(ctx context.Context, userID int64, password string) error {
	password = typed.Password(password)
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	if err := s.q.PasswordSet(ctx, s.pool, dbsqlc.PasswordSetParams{ID: userID, PasswordHash: hash,
		PasswordLong: ref(long(password))}); err != nil {
		return fmt.Errorf("set password of user %d: %w", userID, err)
	}
	return nil
}

func ref[T any](v T) *T { return &v }
