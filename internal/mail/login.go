package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	gosmtp "github.com/wneessen/go-mail/smtp"
)

// errNoLogin says that the server offers no kind of log-in that is left to try.
var errNoLogin = errors.New("no kind of log-in is left")

// login is the log-in at a mail server over as many connections as it takes: a server ends one after a refusal. Each
// kind that it offers is tried once. It is an smtp.Auth.
type login struct {
	settings Settings
	tried    []string
	kind     gosmtp.Auth // of this connection
	began    bool        // this connection got as far as a log-in
}

// loginKinds are what is tried, in this order. Over TLS whose certificate was checked, the two that every server can
// do come first: some servers offer others that their own passwords do not fit. In clear no password is sent.
func loginKinds(encrypted bool) []string {
	kinds := []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"}
	if encrypted {
		return append([]string{"PLAIN", "LOGIN"}, kinds...)
	}
	return kinds
}

// Start begins a log-in of the next kind.
func (l *login) Start(server *gosmtp.ServerInfo) (kind string, first []byte, err error) {
	for _, kind := range loginKinds(server.TLS) {
		offered := slices.ContainsFunc(server.Auth, func(s string) bool { return strings.EqualFold(s, kind) })
		if !offered || slices.Contains(l.tried, kind) {
			continue
		}
		l.tried = append(l.tried, kind)
		l.began, l.kind = true, l.of(kind)
		return l.kind.Start(server)
	}
	return "", nil, errNoLogin
}

// Next answers the server's next challenge.
func (l *login) Next(challenge []byte, more bool) ([]byte, error) {
	answer, err := l.kind.Next(challenge, more)
	if err != nil {
		// The library's error may repeat what the server said.
		return nil, errLogin
	}
	return answer, nil
}

// errLogin says that a log-in went wrong in a way that only its kind knows.
var errLogin = errors.New("the log-in of this kind did not come off")

func (l *login) of(kind string) gosmtp.Auth {
	user, password, host := l.settings.Username, l.settings.Password, l.settings.Host
	switch kind {
	case "PLAIN":
		return gosmtp.PlainAuth("", user, password, host, false)
	case "LOGIN":
		return gosmtp.LoginAuth(user, password, host, false)
	case "SCRAM-SHA-256":
		return gosmtp.ScramSHA256Auth(user, password)
	case "SCRAM-SHA-1":
		return gosmtp.ScramSHA1Auth(user, password)
	default:
		return gosmtp.CRAMMD5Auth(user, password)
	}
}

// again reports whether another kind is worth a connection: this one was refused, or could not be done. What the
// server calls temporary is not asked again at once.
func (l *login) again(err error) bool {
	if !l.began || len(l.tried) == len(loginKinds(true)) {
		return false
	}
	var answer *textproto.Error
	return errors.Is(err, errLogin) || errors.As(err, &answer) && answer.Code >= 500 && isLogin(err)
}

// isLogin reports whether an error of the library came from a log-in.
func isLogin(err error) bool { return strings.Contains(err.Error(), "SMTP AUTH failed") }

// failed is what a log-in that came to nothing is told as: the refusal before, when no kind is left.
func (l *login) failed(err, before error) error {
	if errors.Is(err, errNoLogin) && before != nil {
		return fmt.Errorf("no other kind: %w", before)
	}
	return err
}
