package mail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/mail"
	"github.com/nightlatch/nightlatch/internal/mail/mailtest"
)

// Whatever kinds of log-in a server offers, in whatever order: when its password fits one of them, the mail goes.
func TestALogInTriesEveryKindThatIsOffered(t *testing.T) {
	t.Parallel()
	for _, offered := range []string{
		"PLAIN", "LOGIN", "CRAM-MD5 PLAIN LOGIN", "SCRAM-SHA-256 CRAM-MD5 LOGIN PLAIN", "SCRAM-SHA-1 LOGIN",
		"NTLM GSSAPI PLAIN", "XOAUTH2 LOGIN", "SCRAM-SHA-256-PLUS PLAIN", "plain",
	} {
		for _, fits := range []string{"PLAIN", "LOGIN"} {
			if !slices.Contains(strings.Fields(strings.ToUpper(offered)), fits) {
				continue
			}
			for _, implicit := range []bool{true, false} {
				server := mailtest.NewServer(t, mailtest.Config{
					STARTTLS: !implicit, Implicit: implicit, User: "ops", Password: smtpPassword, Auth: offered, Kinds: fits,
				})
				security := mail.SecuritySTARTTLS
				if implicit {
					security = mail.SecurityTLS
				}
				err := mail.NewSMTP(settings(server, security, "ops"), server.Roots).Send(t.Context(), letter)
				if err != nil || len(server.Mails()) != 1 || server.Mails()[0].User != "ops" {
					t.Errorf("%s of %q: %v, after %q", fits, offered, err, server.Commands())
				}
			}
		}
	}
}

// A log-in that fits no kind is told as what it is, and asked for once a kind.
func TestAWrongLogInIsTriedOnceAKind(t *testing.T) {
	t.Parallel()
	server := mailtest.NewServer(t, mailtest.Config{Implicit: true, User: "ops", Password: "another", Auth: "LOGIN PLAIN"})
	err := mail.NewSMTP(settings(server, mail.SecurityTLS, "ops"), server.Roots).Send(t.Context(), letter)
	var failure *mail.Failure
	if !errors.As(err, &failure) || failure.Fault != mail.FaultLogin || failure.Code != 535 || failure.Permanent() {
		t.Errorf("%v", err)
	}
	tried := 0
	for _, command := range server.Commands() {
		if strings.HasPrefix(command, "AUTH") {
			tried++
		}
	}
	if tried != 2 {
		t.Errorf("%d log-ins for two kinds: %q", tried, server.Commands())
	}
}

// Only what is surely about the recipient, or the mail, ends it: what a server thinks of us passes, or is mended.
func TestOursAreToldApartFromTheirs(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]mail.Fault{
		"550 5.1.1 no such user here":                                          mail.FaultAddress,
		"550 no such user here":                                                mail.FaultAddress,
		"550 5.1.10 Recipient not found":                                       mail.FaultAddress,
		"501 5.1.3 bad recipient address syntax":                               mail.FaultAddress,
		"550 5.4.1 Recipient address rejected: Access denied":                  mail.FaultAddress,
		"552 5.2.2 mailbox is full":                                            mail.FaultAddress,
		"553 mailbox name not allowed":                                         mail.FaultAddress,
		"556 5.1.10 domain takes no mail":                                      mail.FaultAddress,
		"504 5.5.2 <vm>: Helo command rejected: need fully-qualified hostname": mail.FaultName,
		"550 5.7.1 <vm>: Helo command rejected: Access denied":                 mail.FaultName,
		"550 Access denied - Invalid HELO name":                                mail.FaultName,
		"450 4.7.1 <vm>: Helo command rejected: Host not found":                mail.FaultName,
		"501 syntax error":                                                     mail.FaultPolicy,
		"503 bad sequence":                                                     mail.FaultPolicy,
		"530 5.7.0 Authentication required":                                    mail.FaultLogin,
		"550 5.7.1 Authentication required":                                    mail.FaultLogin,
		"535 5.7.8 log in":                                                     mail.FaultLogin,
		"554 5.7.1 Relay access denied":                                        mail.FaultPolicy,
		"550 relay not permitted":                                              mail.FaultPolicy,
		"550 5.7.1 blocked using a list":                                       mail.FaultPolicy,
		"550 5.1.8 sender domain does not exist":                               mail.FaultPolicy,
		"450 4.2.0 greylisted, come back":                                      mail.FaultLater,
		"421 4.3.2 closing":                                                    mail.FaultLater,
		"452 4.2.2 mailbox is full":                                            mail.FaultLater,
		"550 5.1.1 helo@acme.example has no mailbox":                           mail.FaultAddress,
	} {
		server := mailtest.NewServer(t, mailtest.Config{RefuseRcpt: func(int) string { return answer }})
		err := mail.NewSMTP(settings(server, mail.SecurityLoopback, ""), nil).Send(t.Context(), letter)
		var failure *mail.Failure
		if !errors.As(err, &failure) || failure.Fault != want || failure.Permanent() != (want == mail.FaultAddress) {
			t.Errorf("%q at RCPT: %v", answer, err)
		}
	}
	for answer, want := range map[string]mail.Fault{
		"501 5.5.4 invalid argument": mail.FaultName, "504 need a full name": mail.FaultName,
		"550 access denied": mail.FaultName, "421 4.3.2 too busy": mail.FaultLater, "450 later": mail.FaultLater,
	} {
		server := mailtest.NewServer(t, mailtest.Config{RefuseHello: answer})
		err := mail.NewSMTP(settings(server, mail.SecurityLoopback, ""), nil).Send(t.Context(), letter)
		var failure *mail.Failure
		if !errors.As(err, &failure) || failure.Fault != want || failure.Permanent() {
			t.Errorf("%q at EHLO: %v", answer, err)
		}
	}
}

// The server learns a full name, and addresses that it can read.
func TestTheServerIsToldNamesItCanRead(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"login.acme.example": "login.acme.example", "localhost": "localhost", "192.0.2.7": "[192.0.2.7]",
		"[2001:db8::1]": "[IPv6:2001:db8::1]", "kantoor-müller.example": "xn--kantoor-mller-4ob.example",
		"LOGIN.Acme.Example": "login.acme.example",
	} {
		server := mailtest.NewServer(t, mailtest.Config{})
		read, err := mail.ReadSettings("smtp://localhost:25", "Müller <door@müller.example>", host)
		if err != nil {
			t.Fatal(err)
		}
		read.Host, read.Port = server.Host, server.Port
		m := letter
		m.To = "jan@bücher.example"
		if err := mail.NewSMTP(read, nil).Send(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if got := server.Commands()[0]; got != "EHLO "+want {
			t.Errorf("%s: %q", host, got)
		}
		sent := server.Mails()[0]
		if sent.To != "jan@xn--bcher-kva.example" || !strings.Contains(sent.From, "door@xn--mller-kva.example") {
			t.Errorf("from %s to %s", sent.From, sent.To)
		}
		if !strings.Contains(sent.Data, "<mail-1-2@"+want+">") {
			t.Errorf("%s is not in the Message-ID:\n%s", want, sent.Data)
		}
	}
	for _, host := range []string{"", "a b", "x\r\nMAIL FROM:<y>"} {
		if _, err := mail.ReadSettings("smtp://localhost:25", "a@b.example", host); err == nil {
			t.Errorf("%q is taken for a name", host)
		}
	}
}

// Every mail that is given up is told: in the history with the reason, to its reader on screen when they can read
// that, and to whoever looks at the user. A mail that arrives later takes it back.
func TestAMailThatDidNotArriveIsSeen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec("update users set password_hash = case username when 'jdoe' then 'x' else '' end")
	for _, c := range []struct {
		user, kind string
		failure    mail.Failure
		last       bool
		told       string // fault, code, final; event's detail and subject; notices
	}{
		{"jdoe", "password_changed", mail.Failure{Fault: mail.FaultAddress, Code: 550}, false,
			"address 550 true mail_address jdoe 1"},
		{"nel", "invite", mail.Failure{Fault: mail.FaultAddress, Code: 550}, false, "address 550 true mail_address nel 0"},
		{"nel", "invite", mail.Failure{Fault: mail.FaultLogin, Code: 535}, true, "login 535 true mail_login nel 0"},
		{"nel", "invite", mail.Failure{Fault: mail.FaultLater, Code: 450}, false, "later 450 false   0"},
	} {
		before := f.ask("select coalesce(max(id), 0) from audit_events")
		f.post.err = &c.failure
		if err := f.deliver(f.put(c.user, c.kind, c.kind == "invite"), c.last); err == nil {
			t.Fatal("it went out")
		}
		got := f.ask(`select l.fault || ' ' || l.code || ' ' || l.final || ' '
				|| coalesce((select detail || ' ' || subject from audit_events where action = 'mail_failed' and id > $2
					and office_id = u.office_id), ' ')
				|| ' ' || (select count(*) from notices n where n.user_id = u.id and n.kind = 'mail_failed')
			from users u, last_mail(u.id) l where u.username = $1`, c.user, before)
		if got != c.told {
			t.Errorf("%s of %s, %v: %q, want %q", c.kind, c.user, &c.failure, got, c.told)
		}
	}
	if got := f.ask(`select string_agg(fault, ' ' order by fault) from (select distinct fault from mails
		where fault not in ('', 'address', 'content', 'later')) m`); got != "login" {
		t.Errorf("the operator would see %q", got)
	}
	f.post.err = nil
	if err := f.deliver(f.put("nel", "invite", true), false); err != nil {
		t.Fatal(err)
	}
	if got := f.ask("select l.fault from users u, last_mail(u.id) l where u.username = 'nel'"); got != "" {
		t.Errorf("after one that arrived: %q", got)
	}
}

func TestEveryFaultHasItsWords(t *testing.T) {
	t.Parallel()
	for _, fault := range []mail.Fault{mail.FaultAddress, mail.FaultContent, mail.FaultLater, mail.FaultPolicy,
		mail.FaultSender, mail.FaultLogin, mail.FaultName, mail.FaultNoLogin, mail.FaultNoTLS, mail.FaultCertificate,
		mail.FaultUnreachable, mail.FaultSilent, mail.FaultBroken, mail.FaultSettings} {
		failure := mail.Failure{Fault: fault}
		if !locale.Has("detail."+fault.Detail()) || failure.Reason() == "" {
			t.Errorf("%s has no words", fault)
		}
	}
}
