package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/network"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// ErrWrong is the one answer for a wrong office, user or password and for a disabled user.
var ErrWrong = fault.New(fault.Invalid, "wrong office, user or password")

// Delay says that there were too many wrong tries for this name: it is returned at once, without a look at the
// password, whether or not such a user exists.
type Delay struct{ Wait time.Duration }

func (d *Delay) Error() string { return fmt.Sprintf("wait %s before the next try", d.Wait) }

// Attempt is one log-in as typed.
type Attempt struct {
	OfficeCode string
	Username   string
	Password   string
	Browser    []byte // hash of the browser's cookie
	Address    string // IP address
}

// SignIn checks office code, username and password. It returns ErrWrong, *Delay, or ErrBusy.
func (s *Service) SignIn(ctx context.Context, a Attempt) (User, error) {
	code, usernames := CanonicalOfficeCode(a.OfficeCode), LookUp(a.Username)
	return s.signIn(ctx, a, counted(code, CanonicalUsername(a.Username)), func(t try) (found, error) {
		// One statement for every outcome: a missing office must cost what a missing user costs.
		row, err := s.q.UserForSignIn(ctx, s.pool, dbsqlc.UserForSignInParams{
			OfficeCode: code, Usernames: usernames, BrowserHash: a.Browser,
			Account: t.account, Network: t.host(), Site: t.site(), Own: t.from.Own(),
		})
		if err != nil {
			return found{}, fmt.Errorf("find user: %w", err)
		}
		office := row.OfficeID
		if row.ID == 0 {
			row.OfficeID = 0
		}
		user := User{row.ID, row.OfficeID, row.Username, row.Name, Role(row.Role), row.Language, row.PasswordVersion}
		return found{
			user, row.Known, row.Braked, row.PasswordHash, asTyped(row.PasswordForm), row.DisabledAt != nil,
			row.PasswordLong != nil, audit.Event{Office: office},
		}, nil
	})
}

// found is who stands before the door: a user without an id is nobody. refusal is how an audit event of it begins.
type found struct {
	user     User
	known    bool // the browser is one in which the user completed a log-in
	braked   bool // new browsers at the network have to wait
	hash     string
	asTyped  bool // see the function
	disabled bool
	// lengthKnown: it stands in the database whether the password may stand alone.
	lengthKnown bool
	refusal     audit.Event
}

// signIn is the one way in. An office's users and operators differ in the key of their counter and in how they are
// found. See admit for what is counted, and when.
func (s *Service) signIn(ctx context.Context, a Attempt, counter string, find func(try) (found, error)) (User, error) {
	t := try{account: counter, from: network.Of(a.Address), address: a.Address}
	f, err := find(t)
	if err != nil {
		return User{}, err
	}
	if f.known {
		t.browser = a.Browser
	}
	if f.braked {
		return User{}, &Delay{sharedWait}
	}
	if err := s.admit(ctx, t); err != nil {
		return User{}, err
	}
	right, err := s.matches(ctx, t.lane(), a.Password, f.hash, f.asTyped)
	if err != nil {
		return User{}, err
	}
	if !right || f.disabled {
		if err := s.refuse(ctx, t, f); err != nil {
			return User{}, err
		}
		return User{}, ErrWrong
	}
	if err := s.right(ctx, t); err != nil {
		return User{}, err
	}
	if f.asTyped {
		if err := s.readForm(ctx, f.user.ID, a.Password, f.hash); err != nil {
			return User{}, err
		}
	}
	if !f.lengthKnown {
		err := s.q.PasswordLengthLearn(ctx, s.pool, dbsqlc.PasswordLengthLearnParams{ID: f.user.ID,
			PasswordLong: long(typed.Password(a.Password))})
		if err != nil {
			return User{}, fmt.Errorf("note the length of a password: %w", err)
		}
	}
	return f.user, nil
}

// CheckPassword proves the password of a signed-in user once more, in a session of theirs, under the delays of a
// log-in. It returns ErrWrong, *Delay, or ErrBusy.
func (s *Service) CheckPassword(
	ctx context.Context, user User, sessionID int64, officeCode, password, address string,
) error {
	// A budget of its own: who sits in the session is delayed by no stranger at the log-in page, nor by who sits in
	// another and mistypes there for hours. Whoever began it without the password could begin one for every guess, so
	// that those share one.
	t := try{account: counted(officeCode, user.Username), browser: fmt.Appendf(nil, "user %d", user.ID)}
	proven, err := s.q.SessionByPassword(ctx, s.pool, dbsqlc.SessionByPasswordParams{ID: sessionID, UserID: user.ID})
	if err != nil {
		return fmt.Errorf("read how session %d began: %w", sessionID, err)
	}
	if proven {
		t.browser = fmt.Appendf(nil, "session %d", sessionID)
	}
	if err := s.admit(ctx, t); err != nil {
		return err
	}
	kept, err := s.q.UserPasswordHash(ctx, s.pool, user.ID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read user %d: %w", user.ID, err)
	}
	right, err := s.matches(ctx, t.lane(), password, kept.PasswordHash, asTyped(kept.PasswordForm))
	if err != nil {
		return err
	}
	if !right {
		if err := s.log.Write(ctx, s.pool, audit.Event{Office: user.OfficeID, Actor: user.Person(),
			Action: audit.PasswordRefused, Address: address}); err != nil {
			return err
		}
		return ErrWrong
	}
	if asTyped(kept.PasswordForm) {
		if err := s.readForm(ctx, user.ID, password, kept.PasswordHash); err != nil {
			return err
		}
	}
	return s.right(ctx, t)
}

func (s *Service) matches(ctx context.Context, in lane, password, hash string, asTyped bool) (bool, error) {
	if len(password) > 4*maxPassword {
		password = "" // no password is as long; the hash is compared all the same
	}
	if !asTyped {
		password = typed.Password(password)
	}
	return s.hasher.matches(ctx, in, password, hash)
}

// asTyped reports whether a hash of this form is of the password's bytes as they came, and not of typed.Password.
func asTyped(form string) bool { return form == "typed" }

// readForm brings a password that was just proven, and hashed as it was typed, to the form that is compared. Most are
// the same in both.
func (s *Service) readForm(ctx context.Context, userID int64, password, hash string) error {
	read := typed.Password(password)
	if read == password {
		err := s.q.PasswordFormLearn(ctx, s.pool, dbsqlc.PasswordFormLearnParams{ID: userID, PasswordHash: hash})
		if err != nil {
			return fmt.Errorf("note the form of a password: %w", err)
		}
		return nil
	}
	rehashed, err := s.hasher.Hash(ctx, read)
	if err != nil {
		return err
	}
	err = s.q.PasswordRehash(ctx, s.pool, dbsqlc.PasswordRehashParams{ID: userID, PasswordHash: hash, Rehashed: rehashed})
	if err != nil {
		return fmt.Errorf("hash the password of user %d anew: %w", userID, err)
	}
	return nil
}
