package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/handlers/web/paths"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// crowd is everybody who logs in, one user after the other, each with a code by text.
type crowd struct {
	*program.Installation
	at      string
	numbers []string // of the users u1, u2 …, without the plus

	mu       sync.Mutex
	tried    int
	accepted []accepted
	refusals []refusal
	lost     []string // log-ins that came to nothing, and why: they were begun anew
}

// accepted is a log-in that somebody was told of.
type accepted struct {
	user string
	*visitor
}

// refusal is one answer that sent somebody away for now.
type refusal struct {
	began time.Time
	why   string
}

// newCrowd makes an office whose users have confirmed numbers.
func (c *cluster) newCrowd(users int) *crowd {
	in := program.InstallAt(c.t, c.address(c.Primary), smstest.Slow(providerTakes).Times(1<<30))
	in.User("pattern", "superuser", "")
	in.Crowd(users, "pattern")
	// Not one after the other, as those of somebody who earns by texts would be.
	in.Exec("update mobile_numbers set number = '+316' || (10000000 + user_id * 7919 % 89999999)")
	numbers := in.Ask("select string_agg(substr(number, 2), ' ' order by substr(username, 2)::int) from mobile_numbers " +
		"join users on id = user_id")
	return &crowd{Installation: in, at: "http://" + c.Front, numbers: strings.Fields(numbers)}
}

// providerTakes is how long the provider takes, so that something is always on its way to it.
const providerTakes = 300 * time.Millisecond

// come lets people come at random moments until ctx ends, and waits until each of them is in or has given up.
func (w *crowd) come(ctx context.Context, perSecond float64) {
	var all sync.WaitGroup
	for i, number := range w.numbers {
		wait := time.Duration(rand.ExpFloat64() / perSecond * float64(time.Second)) // #nosec G404 -- arrivals, no secret
		select {
		case <-ctx.Done():
			all.Wait()
			return
		case <-time.After(wait):
		}
		all.Go(func() { w.logIn(fmt.Sprintf("u%d", i+1), number) })
	}
	<-ctx.Done()
	all.Wait()
}

// logIn is the log-in of a user, begun anew where it came to nothing.
func (w *crowd) logIn(user, number string) {
	w.mu.Lock()
	w.tried++
	w.mu.Unlock()
	for range 3 {
		v := newVisitor(w.at, w.refuse)
		why := w.try(v, user, number)
		w.mu.Lock()
		if why == "" {
			w.accepted = append(w.accepted, accepted{user, v})
			w.mu.Unlock()
			return
		}
		w.lost = append(w.lost, user+": "+why)
		w.mu.Unlock()
	}
}

// try is one log-in; it returns why it came to nothing, "" when it was accepted.
func (w *crowd) try(v *visitor, user, number string) string {
	a := v.insist(http.MethodPost, paths.Login, "office", "ACME", "username", user, "password", program.Password)
	if a.status != http.StatusSeeOther {
		return fmt.Sprintf("the password was answered with %d", a.status)
	}
	page, path := v.arrive(a)
	if path != paths.LoginCode {
		return fmt.Sprintf("the password led to %s (%d)", path, page.status)
	}
	entered := map[string]bool{}
	for range 3 {
		code := w.code(number, entered)
		if code == "" {
			return "no code came"
		}
		entered[code] = true
		a := v.insist(http.MethodPost, paths.LoginCode, "code", code)
		if a.in() {
			return ""
		}
		if a.status == http.StatusSeeOther {
			return "the code led to " + a.location
		}
	}
	return "three codes were wrong"
}

// code waits for a text to a number with a code that was not entered yet.
func (w *crowd) code(number string, entered map[string]bool) string {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, m := range slices.Backward(w.SMS.Received()) {
			found := program.BoundCode.FindStringSubmatch(m.Text)
			if m.To == number && found != nil && !entered[found[1]] {
				return found[1]
			}
		}
	}
	return ""
}

func (w *crowd) refuse(began time.Time, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refusals = append(w.refusals, refusal{began, why})
}

// between are the refusals of requests that were begun in a time.
func (w *crowd) between(from, to time.Time) (in []refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.refusals {
		if r.began.After(from) && r.began.Before(to) {
			in = append(in, r)
		}
	}
	slices.SortFunc(in, func(a, b refusal) int { return a.began.Compare(b.began) })
	return in
}
