package metrics

import (
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/message"
	"github.com/nightlatch/nightlatch/internal/proxy"
	"github.com/nightlatch/nightlatch/internal/sms"
)

var _ message.Recorder = (*Metrics)(nil)

// loginOutcomes are the audit events that make up a log-in.
var loginOutcomes = []audit.Action{
	audit.SignedIn, audit.PasswordAccepted, audit.SignInRefused, audit.SecondFactorRefused, audit.SecondFactorWait,
}

var (
	classes  = []sms.Class{sms.Sent, sms.Wait, sms.Retry, sms.Ours, sms.Account, sms.Number, sms.Unknown}
	statuses = []sms.ReceiptStatus{
		sms.Accepted, sms.Buffered, sms.Answered, sms.Delivered,
		sms.Expired, sms.Failed, sms.Rejected, sms.Uncertain,
	}
)

// begin creates the series whose labels are known beforehand.
func (m *Metrics) begin(providers []string) {
	for _, action := range loginOutcomes {
		if action != audit.SignedIn && action != audit.SecondFactorRefused {
			m.logins.WithLabelValues(string(action), "")
		}
	}
	for _, method := range []string{"password", "sms", "otp", "passkey", "recovery"} {
		m.logins.WithLabelValues(string(audit.SignedIn), method)
		if method != "password" {
			m.logins.WithLabelValues(string(audit.SecondFactorRefused), method)
		}
	}
	for _, channel := range []string{"sms", "call"} {
		m.accepted.WithLabelValues(channel)
		m.delivered.WithLabelValues(channel)
	}
	m.sendsRefused.WithLabelValues(other)
	for _, f := range proxy.Findings() {
		m.proxies.WithLabelValues(string(f))
	}
	for _, p := range providers {
		m.sendSeconds.WithLabelValues(p)
		m.wasted.WithLabelValues(p)
		m.receiptsRefused.WithLabelValues(p)
		for _, c := range classes {
			m.sends.WithLabelValues(p, string(c))
		}
		for _, s := range statuses {
			m.receipts.WithLabelValues(p, string(s))
		}
	}
}

// Audited counts the audit events that this package knows.
func (m *Metrics) Audited(e audit.Event) {
	switch e.Action {
	case audit.SignedIn, audit.SecondFactorRefused:
		m.logins.WithLabelValues(string(e.Action), word(e.Detail)).Inc()
	case audit.PasswordAccepted, audit.SignInRefused, audit.SecondFactorWait:
		m.logins.WithLabelValues(string(e.Action), "").Inc()
	case audit.CodeNotSent:
		m.sendsRefused.WithLabelValues(word(e.Detail)).Inc()
	}
}

const other = "other"

var oneWord = regexp.MustCompile(`^[a-z][a-z_]{0,29}$`)

// word keeps a detail that is more than a word out of the labels.
func word(detail string) string {
	if oneWord.MatchString(detail) {
		return detail
	}
	return other
}

// Sent counts one call to a provider.
func (m *Metrics) Sent(provider string, class sms.Class, took time.Duration) {
	m.sends.WithLabelValues(provider, string(class)).Inc()
	m.sendSeconds.WithLabelValues(provider).Observe(took.Seconds())
}

// Accepted counts a message that a provider took.
func (m *Metrics) Accepted(channel string, after time.Duration) {
	m.accepted.WithLabelValues(channel).Observe(after.Seconds())
}

// Delivered counts a message that is on the phone.
func (m *Metrics) Delivered(channel string, after time.Duration) {
	m.delivered.WithLabelValues(channel).Observe(after.Seconds())
}

// Wasted counts a send that was accepted too late.
func (m *Metrics) Wasted(provider string) { m.wasted.WithLabelValues(provider).Inc() }

// Received counts a receipt whose signature was right.
func (m *Metrics) Received(provider string, status sms.ReceiptStatus) {
	m.receipts.WithLabelValues(provider, string(status)).Inc()
}

// ReceiptRefused counts a receipt refused with 401: forged, or signed with another secret.
func (m *Metrics) ReceiptRefused(provider string) { m.receiptsRefused.WithLabelValues(provider).Inc() }

// Request counts a served request. route is the pattern it matched, "" when it matched none.
func (m *Metrics) Request(route, method string, status int, took time.Duration) {
	if route == "" {
		route = "unknown"
	}
	class := strconv.Itoa(status/100) + "xx"
	labels := []string{route, known(method), class}
	m.requests.WithLabelValues(labels...).Inc()
	m.requestSeconds.WithLabelValues(labels...).Observe(took.Seconds())
}

// Door counts an answer to a proxy that asked who stands before an application.
func (m *Metrics) Door(status int) { m.door.WithLabelValues(strconv.Itoa(status)).Inc() }

// ProxyFound counts a request with something wrong in how it came.
func (m *Metrics) ProxyFound(f proxy.Finding) { m.proxies.WithLabelValues(string(f)).Inc() }

// known keeps methods that a stranger invents out of the labels.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead,
		http.MethodOptions:
		return method
	}
	return other
}
