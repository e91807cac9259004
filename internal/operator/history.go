package operator

import (
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
)

// History is a user's last day, as far as log-ins and codes go: at most the last five log-ins.
type History struct {
	Now       time.Time
	User      User
	Logins    []Login // the newest first
	Providers map[string]Provider
	Events    []Event // of the audit log, the newest first
}

// User is the user whose history it is.
type User struct {
	ID          int64
	OfficeID    int64
	Username    string
	Name        string
	Office      string // code
	OfficeName  string
	OfficeUsers int  // enabled ones
	TwoFactor   bool // the office demands it now
	Disabled    bool
	Factors     factor.Set
	// What wrong second factors cost the user now: in browsers in which they have logged in before, and in others.
	Known     Budget
	Strangers Budget

	HelpSince       time.Time // the oldest request for help that nobody has answered; zero for none
	ExemptUntil     time.Time // these are over, or to come, as they are compared with History.Now
	FirstHoursUntil time.Time
	DemandedFrom    time.Time // the date from which two factors are demanded; zero where there is none
	CoolingUntil    time.Time
}

// Budget is a count of wrong second factors with what it costs.
type Budget struct {
	WrongInARow int
	WaitUntil   time.Time // after ten wrong codes in a row
	Lock        factor.Lock
}

// Login is a session with the codes that were made in it.
type Login struct {
	ID         int64
	BeganAt    time.Time
	Level      int
	FinishedAt time.Time // its second factor was proven first
	ExpiresAt  time.Time
	EndedAt    time.Time
	Address    string
	PassUntil  time.Time   // a superuser let it in until then; zero for nobody
	Challenges []Challenge // the oldest first
}

// Challenge is one demand for a code.
type Challenge struct {
	ID        int64
	Purpose   string
	Number    string // masked
	Tries     int    // charged so far, a right one included
	BeganAt   time.Time
	ExpiresAt time.Time
	EndedAt   time.Time
	Outcome   string // "" while it lives
	Messages  []Message
}

// Message is one text, or call, of a challenge.
type Message struct {
	ID         int64
	No         int
	Channel    string // sms, call
	State      string
	Reason     string
	Final      bool
	QueuedAt   time.Time
	ChangedAt  time.Time
	AcceptedAt time.Time
	Jobs       []Job
	Sends      []Send
	Receipts   []Receipt
}

// Job is a message's job in the queue.
type Job struct {
	ID          int64
	State       string // in River's words
	Attempt     int
	EnqueuedAt  time.Time
	ScheduledAt time.Time
	FinishedAt  time.Time
	Failures    []Failure
}

// Failure is an attempt of a job that ended with an error.
type Failure struct {
	At      time.Time
	Attempt int
	Text    string // redacted and short
}

// Send is one call to a provider.
type Send struct {
	Provider  string
	State     string // calling, sent, refused, unknown
	Class     string
	Status    string
	Reason    string // what the provider's file says of the status, "" for nothing
	Price     string
	StartedAt time.Time
	EndedAt   time.Time // zero while it lasts
}

// Receipt is what a carrier reported.
type Receipt struct {
	Provider string
	Status   string
	Error    string // the carrier's code
	Reason   string // what the code means, "" unknown
	At       time.Time
}

// Event is a line of the audit log.
type Event struct {
	At      time.Time
	Actor   string
	Subject string
	Action  audit.Action
	Detail  string
}

// Live reports whether something is under way: a code that can still be entered, or a log-in that waits
// for its second factor.
func (h History) Live() bool {
	for _, l := range h.Logins {
		if h.pending(l) {
			return true
		}
		for _, c := range l.Challenges {
			if h.live(c) {
				return true
			}
		}
	}
	return false
}

// pending is a log-in that waits for its second factor.
func (h History) pending(l Login) bool {
	return h.User.TwoFactor && l.Level < 2 && l.EndedAt.IsZero() && h.Now.Before(l.ExpiresAt) && !h.passed(l)
}

// passed is a log-in that a superuser let in for the day.
func (h History) passed(l Login) bool { return l.EndedAt.IsZero() && h.Now.Before(l.PassUntil) }

func (h History) live(c Challenge) bool { return c.EndedAt.IsZero() && h.Now.Before(c.ExpiresAt) }
