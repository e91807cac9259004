package doctor

import (
	"context"
	"fmt"
	"time"
)

// queueLimit is how long a job may be due: a code lives 5 minutes.
const queueLimit = 60 * time.Second

// workers looks for a process that sends the codes.
func (in *installation) workers(ctx context.Context, r *report) error {
	working, err := in.q.MetricsWorking(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("look for workers: %w", err)
	}
	if working {
		r.ok("A process works jobs.")
	} else {
		r.problem("No process works jobs: no code is sent. Start nightlatch serve, or nightlatch serve --only work.")
	}
	return nil
}

// queues looks for jobs that wait.
func (in *installation) queues(ctx context.Context, r *report) error {
	paused, err := in.q.MetricsPausedQueues(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("look for paused queues: %w", err)
	}
	for _, queue := range paused {
		r.problem("The queue %s is paused: its jobs wait. Resume it on the operator's page of jobs.", queue)
	}
	ages, err := in.q.MetricsQueueAges(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("age the jobs: %w", err)
	}
	late := false
	for _, row := range ages {
		if age := seconds(row.Seconds); age > queueLimit {
			late = true
			r.problem("The oldest job in the queue %s has been waiting for %s. Look at the log of the workers.",
				row.Queue, roughly(age))
		}
	}
	if !late {
		r.ok("No job waits longer than %s.", roughly(queueLimit))
	}
	return nil
}
