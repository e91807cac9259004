// Package factor is what a user can prove besides the password: the kinds of second factor, one interface, and a folder
// for each kind.
//
// The rule it protects: whatever is true of factors is true of every kind. Package twofactor ranges over the kinds to
// offer, prove, enrol, remove, reset and reseal; SQL asks the view user_factors. A new kind is a folder here, a branch
// of that view, and its screens; nothing else spells out a kind. Start at Factor.
package factor

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/otp"
)

var (
	// ErrOver says that there is nothing to prove here any more: used, replaced, expired, out of tries, or the session
	// ended.
	ErrOver = fault.New(fault.Ended, "this challenge is over")
	// ErrHasFactor says that the user has a factor, so that this one cannot be added so.
	ErrHasFactor = fault.New(fault.Forbidden, "the user has a confirmed factor")
)

// Owner is whose factor is meant, and the session in which it is proven or set up.
type Owner struct {
	UserID    int64
	OfficeID  int64 // 0: an operator
	SessionID int64
	Username  string
	Office    string // the office's code; "" for an operator
}

// Purpose is what a right proof does.
type Purpose string

// The purposes. They stand in challenges.purpose by these words.
const (
	PurposeSignIn Purpose = "sign_in" // finish a log-in with a factor that the user has
	PurposeEnrol  Purpose = "enrol"   // finish a log-in, and add the first factor
	PurposeChange Purpose = "change"  // add or replace an own factor, in settings
	PurposeStepUp Purpose = "step_up" // prove a factor once more, in settings
)

// Enrols reports whether a right proof adds a factor.
func (p Purpose) Enrols() bool { return p == PurposeEnrol || p == PurposeChange }

// Urgent reports whether somebody stands at the log-in and waits.
func (p Purpose) Urgent() bool { return p == PurposeSignIn || p == PurposeEnrol }

// Try is one try at a proof, charged before anything is compared.
type Try struct {
	// Purpose is what the proof was asked for; "" where the kind leaves that to the session.
	Purpose Purpose
	// Left is how many tries remain if this one is wrong.
	Left int
	// Spares says that the session survives the last wrong try, since no factor of its user was being guessed.
	Spares bool
	// Clock is by how much the clock is off that made the proof, where it would be right at another moment: negative
	// when it is slow. The proof is wrong all the same.
	Clock time.Duration
	// Alarm is what is told of a wrong proof that is worse than a mistake; the zero value for nothing.
	Alarm Alarm
	// Method is what the session remembers of a right proof, where that says more than the kind.
	Method Kind
	// State is the kind's own, from Charge to Verify and Enrol.
	State any
}

// Alarm is a notice to the user, and an event in the history.
type Alarm struct {
	Notice string
	Action audit.Action
	Detail string
}

// Factor is one kind of second factor.
type Factor interface {
	Kind() Kind
	Words() Words

	// Clean returns what was typed in the form that Verify compares, and whether it can be a proof of this kind at all.
	Clean(typed string) (response string, ok bool)

	// Charge counts one try, in a transaction of its own that is committed before anything is compared: parallel
	// guesses cannot share a try, and no later failure gives one back. It returns ErrOver when there is nothing to try.
	Charge(ctx context.Context, tx pgx.Tx, o Owner, enrols bool) (Try, error)

	// Verify reports whether the response is right, and uses it up: of many that are the same, one is. tx is the
	// transaction of all that follows, and holds the user's row. It returns ErrOver when the proof was over by then.
	Verify(ctx context.Context, tx pgx.Tx, o Owner, t *Try, response string) (bool, error)

	// Enrol adds what a right try with a purpose that enrols has proven, and returns the detail for the history.
	// It returns ErrHasFactor when the user has one of this kind that cannot be replaced.
	Enrol(ctx context.Context, tx pgx.Tx, o Owner, t Try) (detail string, err error)

	// Remove takes everything of this kind away from a user.
	Remove(ctx context.Context, tx pgx.Tx, userID int64) error

	// Reseal seals anew what an older master key sealed: one batch, of users after after. It returns where to go on, 0
	// at the end, and keys.ErrOpen in the chain when no key of the ring opens something, which then stays as it is.
	Reseal(ctx context.Context, after int64) (next int64, err error)
}

// Starter is a kind that is set up with a secret shown once, such as an authenticator app.
type Starter interface {
	Factor
	// Begin returns what is shown, the same until it is used or the session ends: a page that is loaded again must not
	// change what was scanned.
	Begin(ctx context.Context, tx pgx.Tx, o Owner) (Setup, error)
}

// Asker is a kind whose proof answers a question of ours, in a form that its user's browser or device understands.
type Asker interface {
	Factor
	// Ask returns the question, for the session of its owner. It returns ErrOver when the user has nothing to answer with.
	Ask(ctx context.Context, tx pgx.Tx, o Owner, enrols bool) (string, error)
}

// Alone is a kind whose proof can be a whole log-in: it says who its user is, and proves that twice.
type Alone interface {
	Factor
	// AskAnybody returns the question to a browser; ErrOver where no office takes the answer.
	AskAnybody(ctx context.Context, tx dbsqlc.DBTX, browser []byte) (string, error)
	// OwnerOf returns who gives a proof, as it says itself; ErrOver for nobody who may log in so.
	OwnerOf(ctx context.Context, tx dbsqlc.DBTX, response string) (Owner, error)
	// VerifyAlone is Verify for a log-in in that browser, with the owner's row held.
	VerifyAlone(ctx context.Context, tx pgx.Tx, o Owner, browser []byte, t *Try, response string) (bool, error)
}

// Collection is a kind of which a user may have several.
type Collection interface {
	Factor
	Items(ctx context.Context, tx dbsqlc.DBTX, userID int64) ([]Item, error)
	// RemoveItem takes one away and returns its name; ErrOver when the user has no such.
	RemoveItem(ctx context.Context, tx pgx.Tx, userID, id int64) (name string, err error)
	// RenameItem gives one another name and returns the one before; ErrOver when the user has no such.
	RenameItem(ctx context.Context, tx pgx.Tx, userID, id int64, name string) (before string, err error)
}

// MaxItemName is how many characters the name of an item may have.
const MaxItemName = 80

// Item is one of several that a user has of a kind.
type Item struct {
	ID      int64
	Name    string
	AddedAt time.Time
	UsedAt  time.Time // zero for never
	Shared  bool      // it is on several devices
	Dead    bool      // it opens nothing any more, and counts all the same
}

// Teller is a kind whose refusal may say why. Told makes what is about to be said worth nothing to whoever guessed it,
// in the transaction before it is said.
type Teller interface {
	Told(ctx context.Context, tx pgx.Tx, o Owner, t Try) error
}

// Setup is what a user needs to set a factor up.
type Setup struct {
	Secret otp.Secret // to be typed by hand
	URI    string     // to be scanned as a QR code
}

// Words is how a kind is named where something is told: history, notices, mails.
type Words struct {
	// Added, Changed and Removed are what the history says.
	Added, Changed, Removed audit.Action
	// AddedNotice is mailed after an enrolment at a log-in, ChangedNotice shown and mailed after one in settings,
	// RemovedNotice after a removal.
	AddedNotice, ChangedNotice, RemovedNotice string
	// UsedNotice and Used tell that a proof of this kind was used; "" for kinds of which that is no news.
	UsedNotice string
	Used       audit.Action
	// OpensLock: a right proof takes the lock of many wrong factors away, and is taken in spite of it.
	OpensLock bool
	// BringsRecovery: with its enrolment come new recovery codes, in the place of older ones. With any other kind they
	// come to a user who has none; they go with the last factor.
	BringsRecovery bool
}

// Lock is what wrong second factors cost a user now: the result of the SQL function factor_lock.
type Lock string

// The locks.
const (
	LockNone     Lock = ""
	LockWait     Lock = "wait"     // for a while, after every tenth wrong one in a row
	LockRecovery Lock = "recovery" // recovery codes alone are taken
	LockReset    Lock = "reset"    // nothing is taken before a reset
)
