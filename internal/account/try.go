package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/network"
)

const (
	// longestWait is what a browser of the user's, or one network of strangers, can be made to wait: nobody else does.
	longestWait = time.Hour
	// sharedWait is the longest wait that strangers share: for one name as a whole, or behind a proxy that was not named,
	// where everybody has one network.
	sharedWait = time.Minute
)

// try is one password for one name, as the counters see it.
type try struct {
	account string
	browser []byte // what has a budget of its own: a known browser, or a session; empty for strangers
	from    network.Network
	address string
}

func (t try) stranger() bool { return len(t.browser) == 0 }

// unknown stands for a network that is not known: "" is the counter of the name as a whole.
const unknown = "unknown"

// host and site are the networks that a stranger's try is counted by.
func (t try) host() string { return cmp.Or(t.from.Host(), unknown) }
func (t try) site() string { return cmp.Or(t.from.Site(), unknown) }

func (t try) lane() lane { return lane{owner: !t.stranger(), network: t.site()} }

// count is the counter of the browser, or of a stranger's network.
func (t try) count() dbsqlc.PasswordFailureChargeParams {
	count := dbsqlc.PasswordFailureChargeParams{
		Account: t.account, Browser: t.browser, Most: longestWait, MostShared: sharedWait,
	}
	if t.stranger() {
		count.Browser, count.Network, count.Site = []byte{}, t.host(), t.site()
		if t.from.Own() {
			count.Most = sharedWait
		}
	}
	return count
}

// admit counts a try, and commits that before the password is looked at: parallel guesses cannot share one. It returns
// *Delay for who has to wait, and has then written nothing.
//
// Two budgets: browsers in which the user has completed a log-in, and sessions, wait for their own mistakes alone.
// Strangers are counted by their network first, and by the name as a whole; but each network has a few looks a day
// free of what others did to that name, so that nobody's failures keep out whose first password is right.
func (s *Service) admit(ctx context.Context, t try) error {
	if !t.stranger() {
		return s.charge(ctx, s.pool, t.count())
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error { return s.charge(ctx, tx, t.count()) })
}

// charge counts one try. It returns *Delay: the transaction of a stranger's must not be committed then.
func (s *Service) charge(ctx context.Context, tx dbsqlc.DBTX, count dbsqlc.PasswordFailureChargeParams) error {
	admitted, err := s.q.PasswordFailureCharge(ctx, tx, count)
	if err == nil && admitted {
		return nil
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("count a log-in: %w", err)
	}
	if err == nil {
		count.Network = "" // the name as a whole has to wait
	}
	row, err := s.q.PasswordFailureOf(ctx, tx, dbsqlc.PasswordFailureOfParams{
		Account: count.Account, Browser: count.Browser, Network: count.Network,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return &Delay{time.Second} // a right password has just cleared the count
	}
	if err != nil {
		return fmt.Errorf("read the delay: %w", err)
	}
	// Rounded up: who waits as long as told must get through.
	return &Delay{max(time.Second, row.NextTryAt.Sub(row.Now).Truncate(time.Second)+time.Second)}
}

// right takes the counts of a try back.
func (s *Service) right(ctx context.Context, t try) error {
	count := t.count()
	err := s.q.PasswordFailureReset(ctx, s.pool, dbsqlc.PasswordFailureResetParams{
		Account: count.Account, Browser: count.Browser, Network: count.Network,
	})
	if err != nil {
		return fmt.Errorf("reset the count of failures: %w", err)
	}
	return nil
}

// refuse writes a refused log-in down. Under names that nobody has, the first of a minute and network is written; the
// others are counted, and their number follows (RefusedLoginWrite).
func (s *Service) refuse(ctx context.Context, t try, f found) error {
	// Who is not a user is not named: people type their password where the username belongs.
	event, known := f.refusal, f.user.ID != 0
	event.Actor, event.Action, event.Address = f.user.Person(), audit.SignInRefused, t.address
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.q.RefusedLoginLock(ctx, tx, t.host()); err != nil {
			return fmt.Errorf("wait for the turn to count: %w", err)
		}
		amount, err := s.q.RefusedLoginPut(ctx, tx, dbsqlc.RefusedLoginPutParams{
			OfficeID: event.Office, Network: t.host(), Detail: event.Detail, Address: t.address, Known: known,
		})
		if err != nil {
			return fmt.Errorf("count a refused log-in: %w", err)
		}
		return s.log.Count(ctx, tx, event, known || amount == 1)
	})
}
