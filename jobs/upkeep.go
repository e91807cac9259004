package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/office"
	"github.com/nightlatch/nightlatch/internal/replay"
	"github.com/nightlatch/nightlatch/internal/twofactor"
)

// Upkeep ends what has expired and deletes what is old.
type Upkeep struct{}

// Kind returns the job's name in River's table.
func (Upkeep) Kind() string { return "upkeep" }

// InsertOpts allows one job in each period.
func (Upkeep) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: QueueUpkeep, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: upkeepEvery},
	}
}

// upkeepEvery is how soon an expired code that nobody touched is wiped.
const upkeepEvery = 30 * time.Second

type upkeepWorker struct {
	river.WorkerDefaults[Upkeep]
	codes    *twofactor.Service
	mails    *mail.Service
	accounts *account.Service
	offices  *office.Service
	replays  *replay.Store
	messages *message.Service
}

func (w *upkeepWorker) Work(ctx context.Context, _ *river.Job[Upkeep]) error {
	return errors.Join(w.codes.Upkeep(ctx), w.mails.Upkeep(ctx), w.accounts.LinkUpkeep(ctx), w.replays.Upkeep(ctx),
		w.offices.WarnOfCaps(ctx), w.messages.Upkeep(ctx))
}
