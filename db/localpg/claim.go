//go:build unix

package localpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// guestPatience is how long an owner in no hurry lets attached commands finish. A longer
	// command, such as one that waits for a password to be typed, then loses its server.
	guestPatience = 10 * time.Second

	pollEvery = 10 * time.Millisecond
)

// hold is this process's part in a home folder. The kernel drops both locks when the process
// dies, however it dies, and a child never has them: Go opens files close-on-exec.
type hold struct {
	lock      *os.File // owner.lock, locked by the owner alone; holds its notice
	guests    *os.File // guests.lock, shared by every attached command
	exclusive bool
	notice    notice // a guest's: where the owner's server is
	home      string
}

// notice is what an owner tells others, as JSON in owner.lock.
type notice struct {
	PID       int    `json:"pid"`
	Exclusive bool   `json:"exclusive"`
	Data      string `json:"data"` // like Socket, empty until the server accepts connections and again once it stops
	Socket    string `json:"socket"`
}

// claim makes this process the owner of home, or a guest of the owner once its server is ready.
func claim(ctx context.Context, home string, exclusive bool) (*hold, error) {
	h := &hold{exclusive: exclusive, home: home}
	var err error
	if h.lock, err = openBeside(home, "owner.lock", 0); err != nil {
		return nil, err
	}
	for {
		if err = h.tryOwn(); err == nil {
			return h, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			h.release()
			return nil, fmt.Errorf("own %s: %w", home, err)
		}
		other := h.read()
		switch {
		case exclusive && other.Exclusive:
			h.release()
			return nil, h.owned(other)
		case !exclusive && other.Socket != "" && h.tryAttach():
			return h, nil
		}
		if !pause(ctx) {
			h.release()
			if exclusive {
				return nil, h.owned(other)
			}
			return nil, fmt.Errorf("wait for the PostgreSQL that process %d runs in %s: %w", other.PID, home, context.Cause(ctx))
		}
	}
}

func (h *hold) owned(other notice) error {
	return fmt.Errorf("%w: process %d uses %s; stop it, or set DATABASE_URL to a PostgreSQL that several can share",
		ErrOwned, other.PID, filepath.Dir(h.home))
}

func (h *hold) tryOwn() error {
	if err := syscall.Flock(int(h.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	return h.write("", "")
}

// tryAttach takes the guests' lock and then looks again: an owner that had begun to stop holds
// that lock, or has taken its notice away.
func (h *hold) tryAttach() bool {
	guests, err := openBeside(h.home, "guests.lock", 0)
	if err != nil {
		return false
	}
	if syscall.Flock(int(guests.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		if other := h.read(); other.Socket != "" && isReady(other.Data) {
			h.lock.Close()
			h.lock, h.guests, h.notice = nil, guests, other
			return true
		}
	}
	guests.Close()
	return false
}

func (h *hold) owner() bool    { return h.lock != nil }
func (h *hold) released() bool { return h.lock == nil && h.guests == nil }

// announce lets waiting commands attach.
func (h *hold) announce(p place) error { return h.write(p.data(), p.socket) }

// waitForGuests takes the notice away, so that nobody new attaches, and waits for those who did.
// It keeps the guests' lock: a latecomer then waits for owner.lock instead.
func (h *hold) waitForGuests(ctx context.Context) {
	_ = h.write("", "") // a notice that stays costs a latecomer its connection, not this stop
	if h.exclusive {
		return
	}
	guests, err := openBeside(h.home, "guests.lock", 0)
	if err != nil {
		return
	}
	h.guests = guests
	ctx, cancel := context.WithTimeout(ctx, guestPatience)
	defer cancel()
	for syscall.Flock(int(h.guests.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil && pause(ctx) {
	}
}

// release drops the locks.
func (h *hold) release() {
	if h.lock != nil {
		h.lock.Close()
	}
	if h.guests != nil {
		h.guests.Close()
	}
	h.lock, h.guests = nil, nil
}

func (h *hold) write(data, socket string) error {
	text, err := json.Marshal(notice{PID: os.Getpid(), Exclusive: h.exclusive, Data: data, Socket: socket})
	if err != nil {
		return err
	}
	if err := h.lock.Truncate(0); err != nil {
		return fmt.Errorf("write %s: %w", h.lock.Name(), err)
	}
	_, err = h.lock.WriteAt(text, 0)
	return err
}

// read returns the owner's notice, or an empty one: half written, or left by a process that died
// and whose successor has the lock but not yet the pen.
func (h *hold) read() notice {
	text, err := os.ReadFile(h.lock.Name())
	if err != nil {
		return notice{}
	}
	var n notice
	if json.Unmarshal(text, &n) != nil || !alive(n.PID) {
		return notice{}
	}
	return n
}

// pause waits for one round of polling, and reports whether there is time for another.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pollEvery):
		return true
	}
}
