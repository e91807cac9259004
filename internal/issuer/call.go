package issuer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nightlatch/nightlatch/internal/loopback"
)

// Reach returns a client for addresses that are not ours: short of patience, deaf to redirects, bounded in what it
// reads, and closed to private networks but those allowed, and to http but on this machine where plain allows it.
type Reach func(plain bool, allowed []netip.Prefix) *http.Client

// ErrBusy says that an application is left alone for a moment: it did not answer just now, or is being asked already.
var ErrBusy = errors.New("the application does not answer")

const (
	// callsAtOnce is how many calls to one application may be under way in a process: one that does not answer holds
	// up no more workers than these.
	callsAtOnce = 2
	// restAfter is how long an application is left alone that did not answer.
	restAfter = 15 * time.Second
)

// calls keeps one application from keeping the others waiting.
type calls struct {
	mu   sync.Mutex
	busy map[int64]int
	rest map[int64]time.Time
}

func newCalls() *calls { return &calls{busy: map[int64]int{}, rest: map[int64]time.Time{}} }

func (c *calls) begin(applicationID int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy[applicationID] >= callsAtOnce || time.Now().Before(c.rest[applicationID]) {
		return false
	}
	c.busy[applicationID]++
	return true
}

func (c *calls) end(applicationID int64, answered bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy[applicationID]--; c.busy[applicationID] == 0 {
		delete(c.busy, applicationID)
	}
	delete(c.rest, applicationID)
	if !answered {
		c.rest[applicationID] = time.Now().Add(restAfter)
	}
}

// call hands an application a logout token.
func (b *Backchannel) call(ctx context.Context, applicationID int64, address, token string) error {
	if !b.calls.begin(applicationID) {
		return ErrBusy
	}
	answered := false
	defer func() { b.calls.end(applicationID, answered) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address,
		strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Close = true // one a session: nothing to keep
	answer, err := b.client(r.URL.Hostname()).Do(r)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			return failed.Err // without the address
		}
		return err
	}
	answered = true
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10))
	if err := answer.Body.Close(); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("it answers %d", answer.StatusCode)
	}
	return nil
}

// client returns what reaches a registered host. A name may lead to the internet and the allowed networks alone: what
// it leads to is not for the operator to say. An address is what they registered.
func (b *Backchannel) client(host string) *http.Client {
	allowed := slices.Clone(b.networks)
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.WithZone("").Unmap()
		allowed = append(allowed, netip.PrefixFrom(ip, ip.BitLen()))
	}
	return b.reach(loopback.Host(host), allowed)
}

// clipped keeps of an error what fits on a line of the history.
func clipped(err error) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(err.Error(), "")), " ")
	if r := []rune(text); len(r) > 120 {
		text = string(r[:120]) + "…"
	}
	return text
}
