package templates

import "time"

// Invitation is the link to a first password that a user was sent last. The zero value is none.
type Invitation struct {
	At    time.Time
	Until time.Time
	Over  bool // it opens nothing any more
}
