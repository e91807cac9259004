package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// operatorDoor begins the counters of operators' names. Office codes are upper case, so that no office's
// user shares one.
const operatorDoor = "operator"

// SignInOperator checks an operator's username and password, with the counters, delays and answers of
// SignIn: ErrWrong, *Delay, or ErrBusy. The attempt's office code is not looked at. What follows is
// twofactor.BeginOperator: an operator always needs the second factor.
func (s *Service) SignInOperator(ctx context.Context, a Attempt) (User, error) {
	username := CanonicalUsername(a.Username)
	return s.signIn(ctx, a, counted(operatorDoor, username), func(t try) (found, error) {
		row, err := s.q.OperatorForSignIn(ctx, s.pool, dbsqlc.OperatorForSignInParams{
			Usernames: LookUp(a.Username), BrowserHash: a.Browser,
			Account: t.account, Network: t.host(), Site: t.site(), Own: t.from.Own(),
		})
		if err != nil {
			return found{}, fmt.Errorf("find operator: %w", err)
		}
		return found{
			user: User{
				ID: row.ID, Username: row.Username, Name: row.Name, Role: Role(row.Role), Language: row.Language,
				PasswordVersion: row.PasswordVersion,
			},
			known: row.Known, braked: row.Braked, hash: row.PasswordHash, asTyped: asTyped(row.PasswordForm),
			disabled: row.DisabledAt != nil, lengthKnown: true,
			refusal: audit.Event{Detail: string(RoleOperator)}, // tells it from a log-in under an unknown office code
		}, nil
	})
}

// CheckOperatorPassword is CheckPassword for an operator.
func (s *Service) CheckOperatorPassword(
	ctx context.Context, user User, sessionID int64, password, address string,
) error {
	return s.CheckPassword(ctx, user, sessionID, operatorDoor, password, address)
}

// CreateOperator adds an operator and returns their id. It still lacks its second factor: see
// twofactor.EnrolOperator. Its errors are sentences for whoever typed the command: a username that is
// taken or not one, a password that is too weak. The password needs 12 characters, although it is one
// factor of two: an operator reaches every office.
func (s *Service) CreateOperator(ctx context.Context, username, password string, actor audit.Person) (int64, error) {
	username, password = CanonicalUsername(username), typed.Password(password)
	if !validUsername(username) {
		return 0, errUsername
	}
	if problem := PasswordProblem(password, PasswordFor{Username: username, Product: s.product}); problem != nil {
		return 0, fmt.Errorf("%w: %w", errPassword, problem)
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return 0, err
	}
	var id int64
	err = db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		id, err = s.q.OperatorInsert(ctx, tx, dbsqlc.OperatorInsertParams{Username: username, PasswordHash: hash})
		if err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{
			Actor: actor, Subject: audit.Person{ID: id, Name: username}, Action: audit.OperatorCreated,
		})
	})
	if db.IsUnique(err) {
		return 0, fmt.Errorf("there already is an operator %s", username)
	}
	if err != nil {
		return 0, fmt.Errorf("create operator: %w", err)
	}
	return id, nil
}

// Operator is an operator as the command line lists them.
type Operator struct {
	Username  string
	CreatedAt time.Time
}

// Operators returns every operator, by username.
func (s *Service) Operators(ctx context.Context) ([]Operator, error) {
	rows, err := s.q.OperatorList(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	operators := make([]Operator, len(rows))
	for i, r := range rows {
		operators[i] = Operator(r)
	}
	return operators, nil
}

// SetOperatorEmail says where mails about the installation go to an operator; "" to send none. It returns ErrUnknown in
// a sentence, as does an address that is none.
func (s *Service) SetOperatorEmail(ctx context.Context, username, email string, actor audit.Person) error {
	email = typed.Email(email)
	if email != "" && !ValidEmail(email) {
		return fmt.Errorf("%q is not an e-mail address", email)
	}
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		r, err := s.q.OperatorEmailSet(ctx, tx, dbsqlc.OperatorEmailSetParams{Email: email, Usernames: LookUp(username)})
		if err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{
			Actor: actor, Subject: audit.Person{ID: r.ID, Name: r.Username}, Action: audit.UserChanged, Detail: "email",
		})
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: there is no operator %s", ErrUnknown, CanonicalUsername(username))
	}
	if err != nil {
		return fmt.Errorf("set the address of operator %s: %w", CanonicalUsername(username), err)
	}
	return nil
}

// RemoveOperator takes an operator away: their sessions end with it, and the authenticator's key is
// forgotten. What they did stays in the history. It returns ErrUnknown in a sentence.
func (s *Service) RemoveOperator(ctx context.Context, username string, actor audit.Person) error {
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		gone, err := s.q.OperatorDelete(ctx, tx, LookUp(username))
		if err != nil {
			return err
		}
		return s.log.Write(ctx, tx, audit.Event{
			Actor: actor, Subject: audit.Person{ID: gone.ID, Name: gone.Username}, Action: audit.OperatorRemoved,
		})
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("there is no operator %s: %w", CanonicalUsername(username), ErrUnknown)
	}
	if err != nil {
		return fmt.Errorf("remove operator: %w", err)
	}
	return nil
}
