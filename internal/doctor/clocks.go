package doctor

import (
	"context"
	"fmt"
)

// clocks compares the clocks of the apps whose codes came in the last day with this installation's.
func (in *installation) clocks(ctx context.Context, r *report) error {
	c, err := in.q.AppClocks(ctx, in.pool)
	switch {
	case err != nil:
		return fmt.Errorf("compare the clocks of apps: %w", err)
	case c.Ours:
		r.problem("The codes of %d authenticator apps are %.0f s off (the median): it is this server's clock. Mend its "+
			"time service on every node. See docs/operating.md, An office in trouble.", c.Apps, c.MedianSeconds)
	case c.Apps > 0:
		r.ok("Of %d authenticator apps %d have a clock that is off; the median is %.0f s.", c.Apps, c.Off, c.MedianSeconds)
	}
	return nil
}
