package mailtest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
)

// talk is one connection, with the mail that is being handed over.
type talk struct {
	*Server
	conn net.Conn
	in   *bufio.Reader
	mail Mail
}

func (t *talk) say(format string, args ...any) { _, _ = fmt.Fprintf(t.conn, format+"\r\n", args...) }

func (t *talk) hear() (string, bool) {
	line, err := t.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err == nil
}

// answer answers a command, and returns false when the connection is over.
func (t *talk) answer(verb, rest string) bool {
	switch verb {
	case "EHLO", "HELO":
		t.greet()
	case "STARTTLS":
		t.say("220 go on")
		secure := tls.Server(t.conn, t.tls)
		if secure.Handshake() != nil {
			return false
		}
		t.conn, t.in, t.mail.TLS = secure, bufio.NewReader(secure), true
	case "AUTH":
		t.logIn(rest)
	case "MAIL":
		t.from(rest)
	case "RCPT":
		t.to(rest)
	case "DATA":
		return t.data()
	case "QUIT":
		if !t.config.SlamQuit {
			t.say("221 bye")
		}
		return false
	default:
		t.say("250 ok")
	}
	return true
}

func (t *talk) greet() {
	offers := []string{"mailtest"}
	if t.config.STARTTLS && !t.mail.TLS {
		offers = append(offers, "STARTTLS")
	}
	if t.config.User != "" {
		offers = append(offers, "AUTH PLAIN LOGIN")
	}
	for _, o := range offers[:len(offers)-1] {
		t.say("250-%s", o)
	}
	t.say("250 %s", offers[len(offers)-1])
}

func (t *talk) logIn(rest string) {
	_, initial, _ := strings.Cut(rest, " ")
	raw, _ := base64.StdEncoding.DecodeString(initial)
	parts := strings.Split(string(raw), "\x00")
	if len(parts) != 3 || parts[1] != t.config.User || parts[2] != t.config.Password {
		t.say("535 5.7.8 no such log-in, %s", string(raw)) // as careless as a server can be
		return
	}
	t.mail.User = parts[1]
	t.say("235 welcome")
}

func (t *talk) from(address string) {
	switch {
	case t.config.RefuseMail != "":
		t.say("%s", t.config.RefuseMail)
	case t.config.User != "" && t.mail.User == "":
		t.say("530 log in first")
	default:
		t.mail.From = address
		t.say("250 ok")
	}
}

func (t *talk) to(address string) {
	t.mu.Lock()
	t.rcpts++
	n := t.rcpts
	t.mu.Unlock()
	if t.config.RefuseRcpt != nil {
		if answer := t.config.RefuseRcpt(n); answer != "" {
			t.say("%s %s", answer, address) // servers repeat the address
			return
		}
	}
	t.mail.To = strings.TrimSuffix(strings.TrimPrefix(address, "TO:<"), ">")
	t.say("250 ok")
}

// data takes the mail itself, and returns false when the connection broke.
func (t *talk) data() bool {
	t.say("354 go on")
	var data strings.Builder
	for {
		text, ok := t.hear()
		if !ok {
			return false
		}
		if text == "." {
			break
		}
		data.WriteString(strings.TrimPrefix(text, ".") + "\n")
	}
	if t.config.RefuseData != "" {
		t.say("%s", t.config.RefuseData)
		return true
	}
	t.mail.Data = data.String()
	t.mu.Lock()
	t.mails = append(t.mails, t.mail)
	t.mu.Unlock()
	t.say("250 taken")
	return true
}
