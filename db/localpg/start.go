//go:build unix

package localpg

import (
	"context"
	"errors"
	"os"
	"time"
)

// startPatience bounds Start: initdb on a slow disk, then recovery after a crash, then
// another owner that is still stopping.
const startPatience = 2 * time.Minute

// Start finds PostgreSQL, makes a cluster under dir/postgres when there is none, and runs the
// server until Stop. When another process owns the server of dir, Start waits until that server
// accepts connections and attaches to it instead; with Options.Exclusive it refuses. An owner
// that did not ask to be exclusive is a short command: an exclusive Start waits until it is done.
//
// It returns ErrNotFound and ErrOwned, each within a sentence for the person at the terminal.
func Start(ctx context.Context, dir string, opts Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()

	home, err := openHome(dir)
	if err != nil {
		return nil, err
	}
	hold, err := claim(ctx, home, opts.Exclusive)
	if err != nil {
		return nil, err
	}
	if !hold.owner() {
		return &Server{socket: hold.notice.Socket, data: hold.notice.Data, hold: hold}, nil
	}
	run, err := startOwned(ctx, home, opts)
	if err != nil {
		hold.release()
		return nil, err
	}
	if err := hold.announce(run.place); err != nil {
		run.process.stop(ctx)
		hold.release()
		return nil, err
	}
	return &Server{socket: run.place.socket, data: run.place.data(), hold: hold, run: run}, nil
}

// running is the server of an owner.
type running struct {
	place   place
	process *process
}

func startOwned(ctx context.Context, home string, opts Options) (*running, error) {
	place, err := findPlace(home)
	if err != nil {
		return nil, err
	}
	install, err := findInstall(opts, place.account, place.major)
	if err != nil {
		return nil, err
	}
	if place.major == 0 {
		if place, err = makeCluster(ctx, place, install, opts.Fast); err != nil {
			return nil, err
		}
	}
	if err := place.openSocket(install); err != nil {
		return nil, err
	}
	if err := endPrevious(ctx, place.data()); err != nil {
		return nil, err
	}
	process, err := serve(ctx, place, install, opts.Fast)
	if err != nil {
		return nil, err
	}
	return &running{place: place, process: process}, nil
}

// Stop ends the server with a fast shutdown: open transactions are rolled back, so stop whatever
// uses it first. When ctx ends earlier the server is told to quit at once and recovers at the
// next start. An owner that is not exclusive first waits, guestPatience at most, for the commands
// that attached. When attached, Stop only says that this command is done. A second Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	if s.hold.released() {
		return nil
	}
	defer s.hold.release()
	if s.run == nil {
		return nil
	}
	s.hold.waitForGuests(ctx)
	err := s.run.process.stop(ctx)
	s.run.place.closeSocket()
	return err
}

// Destroy stops an owned server and removes everything it kept: for tests.
func (s *Server) Destroy(ctx context.Context) error {
	err := s.Stop(ctx)
	if s.run == nil {
		return err
	}
	return errors.Join(err, os.RemoveAll(s.run.place.root), os.RemoveAll(s.run.place.home))
}
