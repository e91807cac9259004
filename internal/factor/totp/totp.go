// Package totp is the authenticator app: time-based codes (RFC 6238), each step of which serves once.
package totp

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/otp"
	"github.com/nightlatch/nightlatch/internal/typed"
)

const (
	secretPurpose = "authenticator secret"
	// resealBatch is how many secrets one call of Reseal takes: a few milliseconds of work.
	resealBatch = 100
)

// App is the authenticator app as a kind of factor.
type App struct {
	factor.PerSession
	pool    *db.Pool
	q       *dbsqlc.Queries
	keys    *keys.Ring
	now     func() time.Time
	product string
}

// New returns the kind. now is the clock that codes are judged by; product is the issuer that apps show.
func New(pool *db.Pool, ring *keys.Ring, now func() time.Time, product string) *App {
	return &App{pool: pool, q: dbsqlc.New(), keys: ring, now: now, product: product}
}

// Kind returns factor.App.
func (*App) Kind() factor.Kind { return factor.App }

// Words names the app in history, notices and mails.
func (*App) Words() factor.Words {
	return factor.Words{
		Added: audit.AuthenticatorAdded, Changed: audit.AuthenticatorAdded, Removed: audit.AuthenticatorGone,
		AddedNotice: "app_added", ChangedNotice: "app_added", RemovedNotice: "app_removed", BringsRecovery: true,
	}
}

// Clean reads six digits, or a whole message that holds them (CVE-2025-6014: a used code was accepted again with white
// space around it).
func (*App) Clean(text string) (string, bool) { return typed.Code(text) }

// Begin returns the secret of the app being set up in this session.
func (a *App) Begin(ctx context.Context, tx pgx.Tx, o factor.Owner) (factor.Setup, error) {
	begun, err := a.Begun(ctx, tx, o)
	if !errors.Is(err, factor.ErrOver) {
		return begun, err
	}
	secret := otp.NewSecret()
	err = a.q.EnrolmentPut(ctx, tx, dbsqlc.EnrolmentPutParams{
		SessionID: o.SessionID, SecretCt: a.seal(o.UserID, secret),
	})
	if err != nil {
		return factor.Setup{}, fmt.Errorf("keep the enrolment of session %d: %w", o.SessionID, err)
	}
	return a.setup(secret, o), nil
}

// Begun returns what Begin returned in this session, and factor.ErrOver where nothing is being set up.
func (a *App) Begun(ctx context.Context, tx pgx.Tx, o factor.Owner) (factor.Setup, error) {
	sealed, err := a.q.EnrolmentBySession(ctx, tx, o.SessionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return factor.Setup{}, factor.ErrOver
	}
	if err != nil {
		return factor.Setup{}, fmt.Errorf("read the enrolment of session %d: %w", o.SessionID, err)
	}
	secret, err := a.open(o.UserID, sealed)
	return a.setup(secret, o), err
}

// setup returns what is shown of a secret. The account names the office, too: apps keep one entry for a label, and
// whoever is in two offices under one name would lose the first.
func (a *App) setup(secret otp.Secret, o factor.Owner) factor.Setup {
	office := o.Office
	if o.OfficeID == 0 {
		office = "operator" // lower case, so that no office's code is the same
	}
	return factor.Setup{Secret: secret, URI: secret.URI(a.product, o.Username+" ("+office+")")}
}

// matched is a right code: the secret that it belongs to, sealed, and its step.
type matched struct {
	sealed []byte
	step   int64
}

// Verify checks a code against the user's app or, where it enrols, against the secret being set up. A step that served
// before is as wrong as a wrong code (RFC 6238 §5.2).
func (a *App) Verify(ctx context.Context, tx pgx.Tx, o factor.Owner, t *factor.Try, code string) (bool, error) {
	sealed, err := a.sealed(ctx, tx, o, t.Purpose.Enrols())
	if err != nil {
		return false, factor.Over(err)
	}
	secret, err := a.open(o.UserID, sealed)
	if err != nil {
		return false, err
	}
	now := a.now()
	step, right, err := otp.Match(secret, code, now)
	if err != nil {
		return false, err
	}
	if !right {
		steps, ok, err := otp.Drift(secret, code, now)
		if ok {
			t.Clock, t.State = time.Duration(steps)*otp.Period, drifted{otp.Step(now), otp.Step(now) + steps}
		}
		return false, err
	}
	t.State = matched{sealed, step}
	if t.Purpose.Enrols() {
		return true, nil
	}
	n, err := a.q.AuthenticatorStepUse(ctx, tx, dbsqlc.AuthenticatorStepUseParams{
		UserID: o.UserID, Step: step,
		Beside: int16(step - otp.Step(now)), // #nosec G115 -- a step at most
	})
	if err != nil {
		return false, fmt.Errorf("use step %d of user %d: %w", step, o.UserID, err)
	}
	return n == 1, nil
}

// drifted is a code of another moment: the step now, and the step of the code.
type drifted struct{ now, step int64 }

// Told takes the step of a code to come out of use, and notes by how much the app's clock is off. A key that is being
// set up has no such step to guard: whoever sees the page has the key.
func (a *App) Told(ctx context.Context, tx pgx.Tx, o factor.Owner, t factor.Try) error {
	d, ok := t.State.(drifted)
	if !ok || t.Purpose.Enrols() {
		return nil
	}
	err := a.q.AuthenticatorStepTell(ctx, tx, dbsqlc.AuthenticatorStepTellParams{
		UserID: o.UserID, Step: d.step, NowStep: d.now,
		Beside: int16(d.step - d.now), // #nosec G115 -- few
	})
	if err != nil {
		return fmt.Errorf("note step %d of user %d: %w", d.step, o.UserID, err)
	}
	return nil
}

func (a *App) sealed(ctx context.Context, tx pgx.Tx, o factor.Owner, enrols bool) ([]byte, error) {
	if enrols {
		return a.q.EnrolmentBySession(ctx, tx, o.SessionID)
	}
	app, err := a.q.AuthenticatorByUser(ctx, tx, o.UserID)
	return app.SecretCt, err
}

// Enrol sets the app up. The code that proved it has used its step.
func (a *App) Enrol(ctx context.Context, tx pgx.Tx, o factor.Owner, t factor.Try) (string, error) {
	m := t.State.(matched)
	n, err := a.q.EnrolmentDelete(ctx, tx, o.SessionID)
	if err != nil {
		return "", fmt.Errorf("end the enrolment of session %d: %w", o.SessionID, err)
	}
	if n == 0 {
		return "", factor.ErrOver
	}
	if o.OfficeID == 0 {
		return "", a.replace(ctx, tx, o.UserID, m)
	}
	return "", a.add(ctx, tx, o.UserID, m.sealed, m.step)
}

// replace puts another key in the place of an operator's present one, who is never without: the present app works until
// the other one has shown a code.
func (a *App) replace(ctx context.Context, tx pgx.Tx, userID int64, m matched) error {
	n, err := a.q.AuthenticatorReplace(ctx, tx, dbsqlc.AuthenticatorReplaceParams{
		UserID: userID, SecretCt: m.sealed, LastStep: m.step,
	})
	if err != nil {
		return fmt.Errorf("replace the authenticator of user %d: %w", userID, err)
	}
	if n == 0 {
		return factor.ErrOver
	}
	return nil
}

func (a *App) add(ctx context.Context, tx pgx.Tx, userID int64, sealed []byte, step int64) error {
	n, err := a.q.AuthenticatorInsert(ctx, tx, dbsqlc.AuthenticatorInsertParams{
		UserID: userID, SecretCt: sealed, LastStep: step,
	})
	if err != nil {
		return fmt.Errorf("add the authenticator of user %d: %w", userID, err)
	}
	if n == 0 {
		return factor.ErrHasFactor
	}
	return nil
}

// Issue gives a user who has no app a new key, for the command that shows it once. No step was used yet: the first code
// is for the first log-in. It returns factor.ErrHasFactor.
func (a *App) Issue(ctx context.Context, tx pgx.Tx, o factor.Owner) (factor.Setup, error) {
	secret := otp.NewSecret()
	return a.setup(secret, o), a.add(ctx, tx, o.UserID, a.seal(o.UserID, secret), 0)
}

// Remove takes the app away.
func (a *App) Remove(ctx context.Context, tx pgx.Tx, userID int64) error {
	if _, err := a.q.AuthenticatorDelete(ctx, tx, userID); err != nil {
		return fmt.Errorf("remove the authenticator of user %d: %w", userID, err)
	}
	return nil
}

// Reseal seals anew the secrets that an older key sealed. Each row stands for itself, so a run that is cut off loses
// nothing; a secret that changes meanwhile is left alone.
func (a *App) Reseal(ctx context.Context, after int64) (next int64, err error) {
	rows, err := a.q.ResealAuthenticatorList(ctx, a.pool, dbsqlc.ResealAuthenticatorListParams{
		After: after, KeyID: a.keys.SealingID(), Batch: resealBatch,
	})
	if err != nil {
		return after, fmt.Errorf("list what an older key sealed: %w", err)
	}
	unreadable := 0
	for _, r := range rows {
		secret, err := a.open(r.UserID, r.SecretCt)
		if errors.Is(err, keys.ErrOpen) {
			unreadable++
			continue
		}
		if err != nil {
			return after, err
		}
		_, err = a.q.ResealAuthenticator(ctx, a.pool, dbsqlc.ResealAuthenticatorParams{
			UserID: r.UserID, Before: r.SecretCt, SealedAnew: a.seal(r.UserID, secret),
		})
		if err != nil {
			return after, fmt.Errorf("seal the authenticator secret of user %d anew: %w", r.UserID, err)
		}
	}
	if len(rows) == resealBatch {
		next = rows[len(rows)-1].UserID
	}
	if unreadable > 0 {
		err = fmt.Errorf("%d authenticator secrets: %w", unreadable, keys.ErrOpen)
	}
	return next, err
}

func (a *App) seal(userID int64, secret otp.Secret) []byte {
	return a.keys.Seal(secretPurpose, row(userID), []byte(secret))
}

func (a *App) open(userID int64, sealed []byte) (otp.Secret, error) {
	secret, err := a.keys.Open(secretPurpose, row(userID), sealed)
	if err != nil {
		return "", fmt.Errorf("open the authenticator secret of user %d: %w", userID, err)
	}
	return otp.Secret(secret), nil
}

// row returns a user's id as associated data: a secret copied to another user's row does not open.
func row(userID int64) string { return strconv.FormatInt(userID, 10) }
