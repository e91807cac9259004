package issuer

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Need is what a user has to do before an application gets its answer; "" for nothing.
type Need string

// What there is to do.
const (
	NeedLogIn  Need = "log_in"
	NeedFinish Need = "finish" // the log-in under way: its second step, another password, or a passkey
	NeedChoose Need = "choose" // to be somebody else, or to go on
	NeedProof  Need = "proof"  // a step-up: the second factor alone, or the password of who has none
	NeedNobody Need = "nobody" // there is nothing they can do: see the refusal
)

// question is an authorization request, as far as its answer depends on it.
type question struct {
	prompt  []string
	maxAge  int32 // seconds; -1 for any
	acr     []string
	subject string // whom the client expects; "" for anybody
	askedAt time.Time
	chosen  bool // its user has said who they are
}

// The profiles of REFEDS: what acr says of one factor, and of two.
const (
	acrOne = "https://refeds.org/profile/sfa"
	acrTwo = "https://refeds.org/profile/mfa"
)

// acrOf returns how a session was proven.
func acrOf(level int) string {
	if level == 2 {
		return acrTwo
	}
	return acrOne
}

// amrOf returns how a session was proven in the words of RFC 8176. A recovery code is a password that serves once.
func amrOf(methods []string, level int) []string {
	words := map[string][]string{
		"pwd": {"pwd"}, "sms": {"sms"}, "otp": {"otp"}, "recovery": {"otp"},
		"hwk": {"hwk", "user"}, "swk": {"swk", "user"}, // a passkey, and that somebody was there
	}
	amr := []string{}
	for _, m := range methods {
		for _, w := range words[m] {
			if !slices.Contains(amr, w) {
				amr = append(amr, w)
			}
		}
	}
	if level == 2 {
		amr = append(amr, "mfa")
	}
	return amr
}

// authTime returns when the user of a session last proved who they are, with either factor. What single sign-on began
// has no moment of a password.
func authTime(s session.Session) time.Time {
	at := s.CreatedAt
	for _, proof := range []time.Time{s.PasswordAt, s.SecondFactorAt} {
		if proof.After(at) {
			at = proof
		}
	}
	return at
}

// need decides what the user of a session has to do before a question is answered, and why they are refused where there
// is nothing they can do. subject is who they are to applications, door what the application demands of them.
func (q question) need(s session.Session, subject string, door application.Door) (Need, application.Refusal) {
	refusal := door.Decide(application.VisitorOf(s))
	switch {
	case refusal == application.Unfinished:
		return NeedFinish, refusal
	case refusal != application.Allowed && !refusal.Mendable():
		return NeedNobody, refusal
	case q.subject != "" && q.subject != subject, q.asks(oidc.PromptSelectAccount) && s.CreatedAt.Before(q.askedAt):
		if !q.chosen || q.subject != "" {
			return NeedChoose, refusal
		}
	}
	proven, since := authTime(s), s.Now.Sub(authTime(s))
	again := proven.Before(q.askedAt) && (q.asks(oidc.PromptLogin) ||
		q.maxAge >= 0 && since > time.Duration(q.maxAge)*time.Second)
	stronger := s.Proven() < 2 && s.Factors.HasFactor() && len(q.acr) > 0 && q.acr[0] == acrTwo
	switch {
	case again, stronger:
		return NeedProof, refusal
	case refusal != application.Allowed && !s.Factors.HasFactor():
		return NeedNobody, refusal // a factor has to be set up first
	case refusal != application.Allowed:
		return NeedProof, refusal
	}
	return "", application.Allowed
}

func (q question) asks(prompt string) bool { return slices.Contains(q.prompt, prompt) }
