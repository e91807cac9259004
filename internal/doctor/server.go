package doctor

import (
	"context"
	"fmt"
	"time"
)

const (
	// oldestServer is the PostgreSQL that the statements and the tests are written for.
	oldestServer = 15
	// clockLimit is how far this machine's clock may be from the database's: an app's code lives 30 s.
	clockLimit = 5 * time.Second
)

// server looks at PostgreSQL itself and at its clock, by which codes expire.
func (in *installation) server(ctx context.Context, r *report) error {
	before := time.Now()
	row, err := in.q.DoctorClock(ctx, in.pool)
	if err != nil {
		return fmt.Errorf("ask for its version: %w", err)
	}
	off := apart(before, time.Now(), row.Now)
	if major := row.Version / 10_000; major < oldestServer {
		r.problem("The database is PostgreSQL %d. Version %d or newer is needed.", major, oldestServer)
	} else {
		r.ok("The database answers: PostgreSQL %d.", major)
	}
	if row.Encoding != "UTF8" {
		r.problem("The database is in %s: names of people are lost or counted wrongly in it. Dump it, restore it into one "+
			"made with createdb --encoding=UTF8 --template=template0, and set DATABASE_URL to that.", row.Encoding)
	}
	if off > clockLimit {
		r.problem("This machine's clock is %s away from the database's: codes of authenticator apps will be refused. "+
			"Set both by NTP.", off.Round(time.Second))
	} else {
		r.ok("The clocks of this machine and of the database agree.")
	}
	return nil
}

// apart returns how far another clock is off for certain: it was read somewhere between before and after.
func apart(before, after, there time.Time) time.Duration {
	return max(before.Sub(there), there.Sub(after), 0)
}
