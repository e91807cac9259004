package issuer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// Messenger enqueues, in the caller's transaction, that an application is told of a log-out.
type Messenger interface {
	TellLogOut(ctx context.Context, tx pgx.Tx, visitID int64) error
}

// Backchannel tells applications that a session ended in which they were let in. Whether it ended is asked of the
// database and of application.Door.Decide, after every change and when its time is up: no list of what ends sessions is
// kept here.
type Backchannel struct {
	pool      *db.Pool
	q         *dbsqlc.Queries
	keys      *Keys
	messenger Messenger
	log       *audit.Log
	refusals  *refusals
	calls     *calls
	networks  []netip.Prefix
	reach     Reach
	issuer    string
}

// NewBackchannel returns the Backchannel of an installation that browsers reach under public. Private networks are
// closed to it but those given, and the addresses of this machine or of a private network that an operator registered
// as such.
func NewBackchannel(
	pool *db.Pool, signing *Keys, messenger Messenger, log *audit.Log, public *url.URL, reach Reach,
	networks ...netip.Prefix,
) *Backchannel {
	return &Backchannel{
		pool: pool, q: dbsqlc.New(), keys: signing, messenger: messenger, log: log, refusals: newRefusals(),
		calls: newCalls(), networks: networks, reach: reach, issuer: public.Scheme + "://" + public.Host,
	}
}

// lookBatch is how many changes, and how many visits, one transaction of Look takes.
const lookBatch = 200

// Look finds the visits that are over, and enqueues that their applications are told. It is called every second, by any
// number of processes, of which one does it.
func (b *Backchannel) Look(ctx context.Context) error {
	for more := true; more; {
		err := db.InTx(ctx, b.pool, func(tx pgx.Tx) (err error) {
			more, err = b.look(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("look for sessions that ended: %w", err)
		}
	}
	return nil
}

func (b *Backchannel) look(ctx context.Context, tx pgx.Tx) (more bool, _ error) {
	if mine, err := b.q.OIDCLookLock(ctx, tx); err != nil || !mine {
		return false, err
	}
	if err := b.q.OIDCLooksTake(ctx, tx, lookBatch); err != nil {
		return false, err
	}
	due, err := b.q.OIDCVisitDue(ctx, tx, lookBatch)
	if err != nil {
		return false, err
	}
	over, on := []int64{}, []int64{}
	for _, v := range due {
		if v.Living && !closed(v) {
			on = append(on, v.ID)
			continue
		}
		over = append(over, v.ID)
		if err := b.messenger.TellLogOut(ctx, tx, v.ID); err != nil {
			return false, err
		}
	}
	if err := b.q.OIDCVisitEnd(ctx, tx, over); err != nil {
		return false, err
	}
	return len(due) == lookBatch, b.q.OIDCVisitLater(ctx, tx, on)
}

// closed reports whether an application is closed to whoever is in. The age of the second factor closes none: it counts
// when they come again.
func closed(v dbsqlc.OIDCVisitDueRow) bool {
	at := standing{OidcStanding: dbsqlc.OidcStanding{
		Admitted: v.Admitted, Disabled: v.Disabled, Off: v.Off, Roles: v.Roles, RequireTwoFactor: v.RequireTwoFactor,
		Sensitive: v.Sensitive,
		Role:      v.Role, Level: v.Level, Demanded: v.Demanded, PasswordTooShort: v.PasswordTooShort,
		SecondFactorAt: v.SecondFactorAt,
	}}
	return at.refusal() != application.Allowed
}

// ErrGivenUp says that an application could not be told for so long that nobody tries any more.
var ErrGivenUp = errors.New("given up")

// Tell tells an application that a visit is over. It returns ErrBusy when the application is to be left alone for a
// while, ErrGivenUp, or what was in the way: it is to be called again then.
func (b *Backchannel) Tell(ctx context.Context, visitID int64) error {
	v, err := b.q.OIDCVisitToTell(ctx, b.pool, visitID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it was told, or is registered no more
	}
	if err != nil {
		return fmt.Errorf("find visit %d: %w", visitID, err)
	}
	problem, late := "", v.Late
	if v.BackchannelLogoutUri != "" {
		token, err := b.token(ctx, v)
		if err != nil {
			return err
		}
		switch err := b.call(ctx, v.ApplicationID, v.BackchannelLogoutUri, token); {
		case errors.Is(err, ErrBusy) && !late:
			return err
		case err != nil:
			problem = clipped(err)
		}
	}
	tried := dbsqlc.OIDCVisitTriedParams{ID: visitID, Problem: problem, Settled: problem == "" || late}
	if err := b.q.OIDCVisitTried(ctx, b.pool, tried); err != nil {
		return fmt.Errorf("note that visit %d was told: %w", visitID, err)
	}
	if problem == "" {
		return nil
	}
	if v.Problem == "" || late {
		if err := b.notTold(ctx, v.Name, problem, late); err != nil {
			return err
		}
	}
	if late {
		return ErrGivenUp
	}
	return fmt.Errorf("tell application %d of a log-out: %s", v.ApplicationID, problem)
}

// notTold writes down, for operators, what is in the way: at the first try and when it is given up, and no more than
// once a minute.
func (b *Backchannel) notTold(ctx context.Context, name, problem string, late bool) error {
	detail := name + ": " + problem
	if late {
		detail += ", " + ErrGivenUp.Error()
	}
	if !b.refusals.due(detail, time.Now()) {
		return nil
	}
	return b.log.Write(ctx, b.pool, audit.Event{
		Actor: audit.Person{Name: name}, Action: audit.ApplicationNotTold, Detail: detail,
	})
}

// logoutLife is how long a logout token is good for: the specification recommends two minutes at most.
const logoutLife = 2 * time.Minute

// token makes a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
func (b *Backchannel) token(ctx context.Context, v dbsqlc.OIDCVisitToTellRow) (string, error) {
	signer, err := b.keys.signer(ctx, jose.SignatureAlgorithm(v.Algorithm), "logout+jwt")
	if err != nil {
		return "", err
	}
	now := time.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: b.issuer, Audience: jwt.Audience{v.ClientID}, Subject: v.Subject, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(logoutLife)),
	}).Claims(map[string]any{
		"sid":    v.Sid,
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": struct{}{}},
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a logout token: %w", err)
	}
	return token, nil
}

// Upkeep deletes what was told long ago.
func (b *Backchannel) Upkeep(ctx context.Context) error {
	if err := db.Drain(ctx, b.pool, b.q.OIDCVisitDeleteOld); err != nil {
		return fmt.Errorf("delete visits that are over: %w", err)
	}
	return nil
}
