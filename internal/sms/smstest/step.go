package smstest

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Step is what happens to one request, or with [Step.Times] to several.
type Step struct {
	name    string
	accepts bool // a phone would get the text
	tries   int
	serve   func(reply)

	receipts []Receipt // what the carrier reports later; nil is what [Stub.Report] says
}

// Receipts are what the carrier reports about the message, in this order; none for silence.
func (s Step) Receipts(receipts ...Receipt) Step {
	s.receipts = append([]Receipt{}, receipts...) // none is not nil: nothing is reported
	return s
}

const (
	somePrice   = "0.07270000"
	someBalance = "15.53000000"
)

// Times repeats a step for n requests.
func (s Step) Times(n int) Step {
	s.tries = n
	return s
}

// Accept takes the message.
func Accept() Step { return Parts("0") }

// AcceptAt takes the message at a price and leaves a balance.
func AcceptAt(price, balance string) Step {
	return Step{name: "0", accepts: true, serve: func(re reply) { re.parts(price, balance, "0") }}
}

// Status answers one part with a status: "1" is throttled, "9" no credit.
func Status(status string) Step { return Parts(status) }

// Parts answers with several parts; a phone gets the text if any is "0".
func Parts(statuses ...string) Step {
	return Step{
		name: strings.Join(statuses, "+"), accepts: strings.Contains("+"+strings.Join(statuses, "+")+"+", "+0+"),
		serve: func(re reply) { re.parts(somePrice, someBalance, statuses...) },
	}
}

// HTTP answers with an HTTP status, and a text that quotes the request.
func HTTP(code int) Step { return RetryAfter(code, "") }

// RetryAfter answers with an HTTP status and a Retry-After header.
func RetryAfter(code int, after string) Step {
	return Step{name: strconv.Itoa(code), serve: func(re reply) {
		if after != "" {
			re.w.Header().Set("Retry-After", after)
		}
		re.w.WriteHeader(code)
		_, _ = fmt.Fprintf(re.w, "cannot do %s", re.r.PostForm.Encode())
	}}
}

// Redirect sends the caller elsewhere.
func Redirect(code int, location string) Step {
	return Step{name: "redirect", serve: func(re reply) {
		re.w.Header().Set("Location", location)
		re.w.WriteHeader(code)
	}}
}

// Slow accepts, but answers after a while.
func Slow(d time.Duration) Step {
	return Step{name: "slow", accepts: true, serve: func(re reply) {
		if re.wait(d) {
			re.parts(somePrice, someBalance, "0")
		}
	}}
}

// Hang accepts and never answers.
func Hang() Step {
	return Step{name: "hang", accepts: true, serve: reply.hang}
}

// Stall accepts, begins to answer and never ends.
func Stall() Step {
	return Step{name: "stall", accepts: true, serve: func(re reply) {
		re.w.Header().Set("Content-Type", "application/json")
		_, _ = re.w.Write([]byte(`{"message-count":"1","messages":[{"status":"0"`))
		_ = http.NewResponseController(re.w).Flush()
		re.hang()
	}}
}

// Reset accepts and breaks the connection instead of answering.
func Reset() Step {
	return Step{name: "reset", accepts: true, serve: func(re reply) {
		conn, _, err := http.NewResponseController(re.w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler) // HTTP/2 has no hijack; this ends the stream
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // RST, not FIN
		}
		_ = conn.Close()
	}}
}

// Body accepts and answers 200 with these words.
func Body(contentType, words string) Step {
	return Step{name: "body", accepts: true, serve: func(re reply) {
		re.w.Header().Set("Content-Type", contentType)
		_, _ = re.w.Write([]byte(words))
	}}
}

// Garbage accepts and answers with a page of HTML.
func Garbage() Step {
	s := Body("text/html", "<!doctype html><title>Welcome to the hotel</title>")
	s.name = "garbage"
	return s
}

// Empty accepts and answers with an empty list, on which the SDK panics.
func Empty() Step {
	s := Body("application/json", `{"message-count":"0","messages":[]}`)
	s.name = "empty"
	return s
}

// Parse reads a script: steps between commas, each with an optional count.
//
//	1          a status of the provider (0 to 99); 0+9 is one of two parts
//	429:2      an HTTP status (100 and up), with Retry-After: 2
//	slow:3s    accepted, answered after 3 s
//	hang stall reset garbage empty
//	503x4      four times
//	0>buffered>delivered:3s   two receipts, the second 3 s after the first;
//	           early- before a status sends it before the answer, 34@ sets its err-code
func Parse(script string) ([]Step, error) {
	var steps []Step
	for word := range strings.SplitSeq(script, ",") {
		word = strings.TrimSpace(word)
		if word == "" {
			continue
		}
		word, receipts, reported := strings.Cut(word, ">")
		name, tries := word, 1
		if before, count, found := strings.Cut(word, "x"); found {
			n, err := strconv.Atoi(count)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("step %q: what follows the x must be a count", word)
			}
			name, tries = before, n
		}
		step, err := parseStep(name)
		if err != nil {
			return nil, err
		}
		if reported {
			if step.receipts, err = ParseReceipts(receipts); err != nil {
				return nil, err
			}
		}
		steps = append(steps, step.Times(tries))
	}
	return steps, nil
}

func parseStep(word string) (Step, error) {
	name, argument, _ := strings.Cut(word, ":")
	switch name {
	case "hang":
		return Hang(), nil
	case "stall":
		return Stall(), nil
	case "reset":
		return Reset(), nil
	case "garbage":
		return Garbage(), nil
	case "empty":
		return Empty(), nil
	case "slow":
		d, err := time.ParseDuration(argument)
		if err != nil {
			return Step{}, fmt.Errorf("step %q: want a time, such as slow:3s", word)
		}
		return Slow(d), nil
	}
	if code, err := strconv.Atoi(name); err == nil && code >= 100 {
		if code < 200 || code > 599 {
			return Step{}, fmt.Errorf("step %q: an HTTP status lies between 200 and 599", word)
		}
		return RetryAfter(code, argument), nil
	}
	statuses := strings.Split(name, "+")
	for _, status := range statuses {
		if n, err := strconv.Atoi(status); err != nil || n < 0 || n > 99 {
			return Step{}, fmt.Errorf("step %q: not a step", word)
		}
	}
	return Parts(statuses...), nil
}
