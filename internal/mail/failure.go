package mail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// Fault is what is in a mail's way. Whose it is decides what follows: what is ours
// or the server's passes, or somebody mends it, so the mail is tried again; an address that does not exist stays so.
type Fault string

// The faults.
const (
	FaultAddress     Fault = "address"     // nobody has the recipient's address, or their mailbox takes nothing
	FaultContent     Fault = "content"     // this mail is not taken, whoever sends it
	FaultLater       Fault = "later"       // the server says: try again
	FaultPolicy      Fault = "policy"      // the server takes no mail from us for this address
	FaultSender      Fault = "sender"      // MAIL_FROM
	FaultLogin       Fault = "login"       // user and password of SMTP_URL
	FaultName        Fault = "name"        // what we call ourselves: SMTP_HELO
	FaultNoLogin     Fault = "no_login"    // no kind of log-in that is safe
	FaultNoTLS       Fault = "no_starttls" // none offered
	FaultCertificate Fault = "certificate"
	FaultUnreachable Fault = "unreachable"
	FaultSilent      Fault = "silent"
	FaultBroken      Fault = "broken"
	FaultSettings    Fault = "settings"
)

// Failure says why a mail was not sent, in words of ours and a server's number: never a server's text, which repeats
// addresses.
type Failure struct {
	Fault Fault
	Code  int // the server's, or 0
}

func (f *Failure) Error() string { return "mail not sent: " + f.Reason() }

// Permanent reports whether trying again does not help.
func (f *Failure) Permanent() bool { return f.Fault == FaultAddress || f.Fault == FaultContent }

// Reason is the fault in words, with the server's number.
func (f *Failure) Reason() string {
	words := map[Fault]string{
		FaultAddress: "the server refused the recipient", FaultContent: "the server refused the mail",
		FaultLater: "the server asks to try again", FaultPolicy: "the server takes no such mail from us",
		FaultSender: "the server refused the sender", FaultLogin: "the server refused the log-in",
		FaultName:    "the server refused the name of this machine",
		FaultNoLogin: "the server offers no log-in that is safe here",
		FaultNoTLS:   "the server offers no STARTTLS", FaultCertificate: "the server's certificate is not to be believed",
		FaultUnreachable: "the server cannot be reached", FaultSilent: "the server did not answer in time",
		FaultBroken: "the connection broke", FaultSettings: "the settings do not fit",
	}[f.Fault]
	if f.Code == 0 {
		return words
	}
	return fmt.Sprintf("%s (%d)", words, f.Code)
}

// Detail is the catalogue's detail.<Detail>: the fault in words, on pages and in the history.
func (f Fault) Detail() string { return "mail_" + string(f) }

// code is the server's number as the database keeps it.
func (f *Failure) code() int16 {
	if f.Code < 0 || f.Code > 999 {
		return 0
	}
	return int16(f.Code) // #nosec G115 -- bounded above
}

// failure classifies an error without repeating it: servers' texts hold addresses.
func failure(err error, connected, loggingIn bool) *Failure {
	var sent *gomail.SendError
	if errors.As(err, &sent) && sent.ErrorCode() != 0 {
		return &Failure{judge(sent.Reason, readRefusal(sent.ErrorCode(), sent.Error())), sent.ErrorCode()}
	}
	var answer *textproto.Error
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &answer) && loggingIn && isLogin(err):
		return &Failure{FaultLogin, answer.Code}
	case errors.As(err, &answer) && answer.Code < 500:
		return &Failure{FaultLater, answer.Code}
	case errors.As(err, &answer): // to the greeting
		return &Failure{FaultName, answer.Code}
	case errors.Is(err, errLogin):
		return &Failure{Fault: FaultLogin}
	case errors.As(err, &certificate):
		return &Failure{Fault: FaultCertificate}
	case strings.Contains(err.Error(), "STARTTLS"):
		return &Failure{Fault: FaultNoTLS}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &Failure{Fault: FaultSilent}
	case errors.Is(err, errNoLogin), strings.Contains(err.Error(), "AUTH"):
		return &Failure{Fault: FaultNoLogin}
	case !connected:
		return &Failure{Fault: FaultUnreachable}
	}
	return &Failure{Fault: FaultBroken}
}

// refusal is a server's answer as far as it is read: its number, its enhanced status (RFC 3463), and what its text is
// about.
type refusal struct {
	code            int
	class, subject  string // of 5.1.1: "1" and "1.1"
	name, relay, in bool   // the text is about our name; about relaying; about logging in
}

var (
	enhanced  = regexp.MustCompile(`\b[45]\d\d[ -]"?[45]\.(\d{1,3})\.(\d{1,3})\b`)
	addresses = regexp.MustCompile(`\S+@\S+`) // which hold any word
)

func readRefusal(code int, text string) refusal {
	r := refusal{code: code}
	if m := enhanced.FindStringSubmatch(text); m != nil {
		r.class, r.subject = m[1], m[1]+"."+m[2]
	}
	text = strings.ToLower(addresses.ReplaceAllString(text, ""))
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	r.name = has("helo", "ehlo", "hostname", "host name", "fully-qualified", "fully qualified")
	r.relay = has("relay", "client host", "blocked", "blacklist", "block list", "blocklist", "denied", "not permitted")
	r.in = has("authenticat", "log in", "login first", "starttls")
	return r
}

// judge says whose fault a refusal is. Only what is surely about the recipient, or about the mail, is final: a server
// may say what it thinks of us at any step, and many do so at RCPT.
func judge(step gomail.SendErrReason, r refusal) Fault {
	switch {
	case r.code == 530 || r.code == 535 || r.code == 534 || r.code == 538:
		return FaultLogin
	case r.name || r.code == 504 && step == gomail.ErrSMTPRcptTo:
		return FaultName
	case step == gomail.ErrSMTPMailFrom:
		return FaultSender
	case r.code < 500:
		return FaultLater
	case step == gomail.ErrSMTPRcptTo && r.aboutRecipient():
		return FaultAddress
	case r.in:
		return FaultLogin
	case (step == gomail.ErrSMTPData || step == gomail.ErrSMTPDataClose) && r.aboutMail():
		return FaultContent
	}
	return FaultPolicy
}

// aboutRecipient reports whether the refused recipient is the reason, and not whoever writes to them.
func (r refusal) aboutRecipient() bool {
	switch r.subject {
	case "1.7", "1.8": // the sender's address
		return false
	case "4.1", "4.4": // no such host; Exchange says so of mailboxes that do not exist
		return true
	case "":
		return slices.Contains([]int{550, 551, 552, 553, 556}, r.code) && !r.relay && !r.in
	}
	return r.class == "1" || r.class == "2"
}

// aboutMail reports whether it is the mail itself that the server refused.
func (r refusal) aboutMail() bool {
	return r.code >= 550 && !slices.Contains([]string{"3", "4", "5"}, r.class)
}
