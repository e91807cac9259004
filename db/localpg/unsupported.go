//go:build !unix

package localpg

import (
	"context"
	"errors"
)

type (
	hold    struct{}
	running struct{}
)

// Start is not available here.
func Start(context.Context, string, Options) (*Server, error) {
	return nil, errors.New("a PostgreSQL of Nightlatch's own needs Linux, macOS or another Unix: set DATABASE_URL")
}

// Stop does nothing here.
func (s *Server) Stop(context.Context) error { return nil }

// Destroy does nothing here.
func (s *Server) Destroy(context.Context) error { return nil }
