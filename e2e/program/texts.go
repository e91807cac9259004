package program

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// ItsNumber is the number of the one user of a test.
const ItsNumber = "+31612345678"

// BoundCode finds the code on the last line of a text.
var BoundCode = regexp.MustCompile(`#([0-9]{6})$`)

// CodeIn is the code of a text, from its last line, as a phone reads it.
func CodeIn(t testing.TB, text string) string {
	t.Helper()
	found := BoundCode.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no code on the last line of %q", text)
	}
	return found[1]
}

// Texts waits until the stand-in was called n times, and returns what it was told.
func (in *Installation) Texts(n int, within time.Duration) []smstest.Message {
	in.T.Helper()
	Eventually(in.T, within, fmt.Sprintf("%d calls to the provider", n), func() bool {
		return len(in.SMS.Received()) >= n
	})
	return in.SMS.Received()
}

// TheCode is the one code of all messages so far: two different ones are a fault.
func (in *Installation) TheCode() string {
	in.T.Helper()
	code := ""
	for _, m := range in.SMS.Received() {
		if c := CodeIn(in.T, m.Text); code == "" {
			code = c
		} else if c != code {
			in.T.Errorf("two codes were sent for one challenge: %s and %s", code, c)
		}
	}
	return code
}

// WrongCode is another code than this one.
func WrongCode(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

// MayHaveSent are the calls after which a text may be on a phone, whatever the sender heard.
func MayHaveSent(calls []smstest.Message) []smstest.Message {
	var all []smstest.Message
	for _, m := range calls {
		if m.Accepted || m.Step == "500" {
			all = append(all, m)
		}
	}
	return all
}

// Steps are what the stand-in plays, as a slice.
func Steps(s ...smstest.Step) []smstest.Step { return s }
