package mailtest

import (
	"bufio"
	"cmp"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
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
	if t.config.RefuseHello != "" {
		t.say("%s", t.config.RefuseHello)
		return
	}
	offers := []string{"mailtest"}
	if t.config.STARTTLS && !t.mail.TLS {
		offers = append(offers, "STARTTLS")
	}
	if t.config.User != "" {
		offers = append(offers, "AUTH "+cmp.Or(t.config.Auth, plainAndLogin))
	}
	for _, o := range offers[:len(offers)-1] {
		t.say("250-%s", o)
	}
	t.say("250 %s", offers[len(offers)-1])
}

// plainAndLogin are the kinds of log-in that the server can do. Of others it offers the name alone.
const plainAndLogin = "PLAIN LOGIN"

func (t *talk) logIn(rest string) {
	kind, initial, _ := strings.Cut(rest, " ")
	var user, password string
	switch {
	case !slices.Contains(strings.Fields(cmp.Or(t.config.Kinds, plainAndLogin)), kind):
		t.say("535 5.7.8 this user has no password for %s", kind)
		return
	case kind == "LOGIN":
		user, password = t.ask("Username:"), t.ask("Password:")
	default:
		if parts := strings.Split(decoded(initial), "\x00"); len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	}
	if user != t.config.User || password != t.config.Password {
		t.say("535 5.7.8 no such log-in, %s %s", user, password) // as careless as a server can be
		return
	}
	t.mail.User = user
	t.say("235 welcome")
}

// ask asks one question of a log-in.
func (t *talk) ask(question string) string {
	t.say("334 %s", base64.StdEncoding.EncodeToString([]byte(question)))
	answer, _ := t.hear()
	return decoded(answer)
}

func decoded(text string) string {
	raw, _ := base64.StdEncoding.DecodeString(text)
	return string(raw)
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
