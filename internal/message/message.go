// Package message takes a code on its way, as a text or as a call: who sends it, the sends and their outcomes,
// what the carrier reports, and what the waiting user is told.
//
// The rules it protects: a code goes out although a process or a provider dies, and it goes out at most twice; a
// challenge that is over sends nothing; all processes together keep to a provider's rate; and no message is shown
// as sent unless the provider said so. Start at Deliver, the three steps of one send; first.go is the short way of a
// first call, choose.go decides who sends, provider.go holds the shared rate and the breaker, receive.go takes
// receipts.
package message

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

const (
	// leastLife is what a code needs to be worth sending; it is also the provider's least ttl.
	leastLife = 20 * time.Second
	// maxCalls that may have sent one message: after an outcome that nobody knows, once more.
	maxCalls = 2
	// noteTimeout bounds writing an outcome down after the job's own context is over.
	noteTimeout = 5 * time.Second
)

// Text is one code to one number. It is never logged.
type Text struct {
	To       string // E.164
	Language string // BCP 47, of the user
	Code     string
	Ref      string        // what the provider echoes: no person and no code
	Life     time.Duration // how much longer the code lives
}

// Providers are all that can bring a code to a number.
type Providers interface {
	// Route returns the names of those to try, in this order, for a country (ISO code) and channel.
	Route(country string, channel phone.Channel) []string
	// Send makes one call to one of them. Every ending is an outcome.
	Send(ctx context.Context, provider string, t Text) sms.Outcome
}

// Requeuer queues a message again, for the next provider.
type Requeuer interface {
	SendAgain(ctx context.Context, tx pgx.Tx, challengeID int64, sendNo, again int, urgent bool) error
}

// Cancelled says that the job must not run again: nothing is left to send, or nothing can be.
type Cancelled struct{ Reason string }

func (c *Cancelled) Error() string { return c.Reason }

// Later says that the job should run again after a wait, without counting as a try.
type Later struct{ After time.Duration }

func (l *Later) Error() string { return fmt.Sprintf("again in %s", l.After) }

// Service delivers the messages of all challenges.
type Service struct {
	pool      *db.Pool
	q         *dbsqlc.Queries
	codes     *twofactor.Service
	providers Providers
	queue     Requeuer
	meter     Recorder
	logger    *slog.Logger
	jitter    func() time.Duration
	turns     turns
}

// New returns the Service. jitter spreads waits over 0 to 2 s. rate is how many calls a second all processes together
// make to one provider; Vonage takes 30.
func New(pool *db.Pool, codes *twofactor.Service, providers Providers, queue Requeuer, meter Recorder,
	logger *slog.Logger, jitter func() time.Duration, rate int,
) *Service {
	return &Service{pool, dbsqlc.New(), codes, providers, queue, meter, logger, jitter, newTurns(rate)}
}
