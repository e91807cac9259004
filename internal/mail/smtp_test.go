package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/mail/mailtest"
)

const smtpPassword = "planted-smtp-password-77"

func settings(s *mailtest.Server, security mail.Security, user string) mail.Settings {
	set := mail.Settings{
		Host: s.Host, Port: s.Port, Security: security, From: netmail.Address{
			Name: "Nightlatch", Address: "door@acme.example",
		}, Name: "login.acme.example",
	}
	if user != "" {
		set.Username, set.Password = user, smtpPassword
	}
	return set
}

var letter = mail.Message{
	ID: "mail-1-2", To: "jdoe@acme.example", Subject: "Één wachtwoord",
	Body: "Hallo Zoë,\n\nhttps://login.acme.example/link/abc\n.\neinde\n",
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	for security, config := range map[mail.Security]mailtest.Config{
		mail.SecuritySTARTTLS: {STARTTLS: true, User: "ops", Password: smtpPassword},
		mail.SecurityTLS:      {Implicit: true, User: "ops", Password: smtpPassword, SlamQuit: true},
		mail.SecurityLoopback: {},
	} {
		server := mailtest.NewServer(t, config)
		if err := mail.NewSMTP(settings(server, security, config.User), server.Roots).Send(t.Context(), letter); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		mails := server.Mails()
		if len(mails) != 1 {
			t.Fatalf("%s: %d mails", security, len(mails))
		}
		m := mails[0]
		if m.To != letter.To || m.TLS != (security != mail.SecurityLoopback) || m.User != config.User {
			t.Errorf("%s: to %s, TLS %v, user %q", security, m.To, m.TLS, m.User)
		}
		parsed, err := netmail.ReadMessage(strings.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		if err != nil || subject != letter.Subject {
			t.Errorf("subject %q, %v", subject, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
		if got := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil ||
			strings.TrimSpace(got) != strings.TrimSpace(letter.Body) {
			t.Errorf("body %q, %v", got, err)
		}
		for header, want := range map[string]string{
			"From": `"Nightlatch" <door@acme.example>`, "To": "<jdoe@acme.example>",
			"Message-Id":     "<mail-1-2@login.acme.example>",
			"Auto-Submitted": "auto-generated",
		} {
			if got := parsed.Header.Get(header); got != want {
				t.Errorf("%s is %q, want %q", header, got, want)
			}
		}
	}
}

func TestAFailureIsToldWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	refuse := func(answer string) func(int) string { return func(int) string { return answer } }
	for name, c := range map[string]struct {
		config    mailtest.Config
		security  mail.Security
		user      string
		believes  bool
		words     string
		permanent bool
	}{
		"no STARTTLS": {mailtest.Config{User: "ops", Password: smtpPassword}, mail.SecuritySTARTTLS, "ops", true,
			"no STARTTLS", false},
		"clear log-in": {mailtest.Config{
			User: "ops", Password: smtpPassword,
		}, mail.SecurityLoopback, "ops", true, "log-in", false},
		"certificate":      {mailtest.Config{STARTTLS: true}, mail.SecuritySTARTTLS, "", false, "certificate", false},
		"certificate, TLS": {mailtest.Config{Implicit: true}, mail.SecurityTLS, "", false, "certificate", false},
		"wrong log-in": {mailtest.Config{STARTTLS: true, User: "ops", Password: "another"}, mail.SecuritySTARTTLS,
			"ops", true, "log-in (535)", false},
		"sender": {mailtest.Config{STARTTLS: true, RefuseMail: "550 not you"}, mail.SecuritySTARTTLS, "", true,
			"the sender (550)", false},
		"recipient": {mailtest.Config{STARTTLS: true, RefuseRcpt: refuse("550")}, mail.SecuritySTARTTLS, "", true,
			"the recipient (550)", true},
		"recipient, later": {mailtest.Config{STARTTLS: true, RefuseRcpt: refuse("450")}, mail.SecuritySTARTTLS, "", true,
			"again (450)", false},
		"data": {mailtest.Config{
			STARTTLS: true, RefuseData: "554 spam: Hallo Zoë",
		}, mail.SecuritySTARTTLS, "", true, "the mail (554)", true},
	} {
		server := mailtest.NewServer(t, c.config)
		roots := server.Roots
		if !c.believes {
			roots = mailtest.NewServer(t, mailtest.Config{}).Roots
		}
		err := mail.NewSMTP(settings(server, c.security, c.user), roots).Send(t.Context(), letter)
		var failure *mail.Failure
		if !errors.As(err, &failure) || !strings.Contains(err.Error(), c.words) || failure.Permanent() != c.permanent {
			t.Errorf("%s: %v (permanent %v)", name, err, failure != nil && failure.Permanent())
			continue
		}
		for _, secret := range []string{smtpPassword, "jdoe", "link", "Hallo"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %q tells %q", name, err, secret)
			}
		}
		if len(server.Mails()) != 0 {
			t.Errorf("%s: the mail was taken", name)
		}
		for _, command := range server.Commands() {
			if (name == "no STARTTLS" || name == "clear log-in") &&
				(strings.HasPrefix(command, "AUTH") || strings.HasPrefix(command, "MAIL")) {
				t.Errorf("%s: %q went over the wire", name, command)
			}
		}
	}
}

func TestNobodyWaitsForAServerForEver(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t, mailtest.Config{Silent: true})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := mail.NewSMTP(settings(server, mail.SecurityLoopback, ""), nil).Send(ctx, letter)
	if err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	dead := settings(server, mail.SecurityLoopback, "")
	dead.Port = 1
	if err := mail.NewSMTP(dead, nil).Send(t.Context(), letter); err == nil ||
		!strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("%v", err)
	}
}

func TestTheSettingsAreReadStrictly(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]mail.Settings{
		"smtp://ops:s%40cret@mail.acme.example": {Host: "mail.acme.example", Port: 587, Username: "ops", Password: "s@cret",
			Security: mail.SecuritySTARTTLS},
		"smtp://mail.acme.example:25": {Host: "mail.acme.example", Port: 25, Security: mail.SecuritySTARTTLS},
		"smtps://ops:secret@mail.acme.example": {Host: "mail.acme.example", Port: 465, Username: "ops", Password: "secret",
			Security: mail.SecurityTLS},
		"smtp://localhost:1025":            {Host: "localhost", Port: 1025, Security: mail.SecurityLoopback},
		"smtp://[::1]:1025":                {Host: "::1", Port: 1025, Security: mail.SecurityLoopback},
		"smtp://localhost.evil.example:25": {Host: "localhost.evil.example", Port: 25, Security: mail.SecuritySTARTTLS},
	} {
		got, err := mail.ReadSettings(url, "Acme <door@acme.example>", "login.acme.example")
		want.Name = "login.acme.example"
		want.From = netmail.Address{Name: "Acme", Address: "door@acme.example"}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", url, got, err)
		}
	}
	for _, url := range []string{"", "mail.acme.example", "http://x", "smtp://", "smtp://ops:hush@h/path",
		"smtp://ops:hush@h?x=y", "smtp://ops@h", "smtp://:hush@h", "smtp://ops:hush@h:99999", "smtp://ops:hu%zzsh@h"} {
		_, err := mail.ReadSettings(url, "a@b.example", "h.example")
		if err == nil || strings.Contains(err.Error(), "hush") ||
			strings.Contains(err.Error(), "hu%") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, from := range []string{"", "nobody", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.example"} {
		if _, err := mail.ReadSettings("smtp://h.example", from, "h.example"); err == nil {
			t.Errorf("MAIL_FROM %q was taken", from)
		}
	}
}
