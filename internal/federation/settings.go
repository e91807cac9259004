package federation

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// changing is the act of a superuser who changes how the office signs in.
var changing = session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}

// Settings are an office's provider as its superuser sees it. The secret is written and never read.
type Settings struct {
	Exists    bool
	Issuer    string
	ClientID  string
	Policy    Policy
	ACRValues []string
	Test      *Report // of the last test, nil when this provider was never tested
}

// Report is what a test of the connection brought back. Nothing in it is secret.
type Report struct {
	At       time.Time
	Trouble  string // a kind of Trouble, "" when a verified subject came
	AMR      []string
	ACR      string
	AuthTime bool
}

// Settings returns the provider of the session's office. It returns ErrNotAllowed.
func (s *Service) Settings(ctx context.Context, sess session.Session) (Settings, error) {
	if !sess.User.Role.ManagesOffice() {
		return Settings{}, ErrNotAllowed
	}
	p, err := s.q.SSOProviderOf(ctx, s.pool, sess.User.OfficeID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Settings{Policy: Refuse}, nil
	}
	if err != nil {
		return Settings{}, fmt.Errorf("read the provider of office %d: %w", sess.User.OfficeID, err)
	}
	found := Settings{
		Exists: true, Issuer: p.Issuer, ClientID: p.ClientID, Policy: Policy(p.Policy), ACRValues: p.AcrValues,
	}
	if p.TestedAt != nil {
		found.Test = &Report{*p.TestedAt, p.TestTrouble, p.TestAmr, p.TestAcr, p.TestAuthTime}
	}
	return found, nil
}

// Fresh reports whether the session may change the settings now.
func (s *Service) Fresh(sess session.Session) bool {
	return sess.RequireStepUp(session.StepUpOffice) == nil
}

// Problem is a field that cannot be saved. Its key in the catalogue is sso_problem.<Key>.
type Problem struct{ Field, Key string }

func (p *Problem) Error() string { return "the field " + p.Field + ": " + p.Key }

// Save keeps a provider. Another issuer ends the sessions that the one before began. An empty secret leaves the one
// that is set, unless the issuer is another: a secret is never sent to a provider that it was not made for. It returns
// ErrNotAllowed, fault.StepUpRequired, or *Problem.
func (s *Service) Save(ctx context.Context, sess session.Session, typed Settings, secret string,
	client session.Client) error {
	if err := sess.May(changing); err != nil {
		return err // before what was typed is judged
	}
	typed, secret = typed.read(secret)
	if problem := s.check(typed, secret); problem != nil {
		return problem
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		old, err := s.q.SSOProviderOf(ctx, tx, sess.User.OfficeID)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read the provider of office %d: %w", sess.User.OfficeID, err)
		}
		put := dbsqlc.SSOProviderPutParams{
			OfficeID: sess.User.OfficeID, Issuer: typed.Issuer, ClientID: typed.ClientID, SecretCt: old.SecretCt,
			Policy: string(typed.Policy), AcrValues: append([]string{}, typed.ACRValues...),
		}
		switch {
		case secret != "":
			put.SecretCt = s.keys.Seal(purposeSecret, row(sess.User.OfficeID), []byte(secret))
		case old.Issuer == "":
			return &Problem{"secret", "secret"}
		case old.Issuer != typed.Issuer:
			return &Problem{"secret", "secret_again"}
		}
		if err := s.q.SSOProviderPut(ctx, tx, put); err != nil {
			return fmt.Errorf("keep the provider of office %d: %w", sess.User.OfficeID, err)
		}
		if Policy(old.Policy) == Trust && typed.Policy != Trust {
			if err := session.Demote(ctx, tx, sess.User.OfficeID, session.BySSOFactor); err != nil {
				return err
			}
		}
		if old.Issuer != "" && old.Issuer != typed.Issuer {
			if err := session.EndBegunBySSO(ctx, tx, sess.User.OfficeID, sess.ID); err != nil {
				return err
			}
		}
		event := sess.Event(audit.SSOChanged, client)
		event.Detail = string(typed.Policy)
		return s.log.Write(ctx, tx, event)
	})
}

// read returns settings and a secret as they were meant.
func (s Settings) read(secret string) (Settings, string) {
	s.Issuer, s.ClientID = typed.Secret(s.Issuer), typed.Secret(s.ClientID)
	return s, typed.Secret(secret)
}

func (s *Service) check(typed Settings, secret string) *Problem {
	u, err := url.Parse(typed.Issuer)
	switch {
	case err != nil || len(typed.Issuer) > 500 || !safe(u, s.plain()):
		return &Problem{"issuer", "issuer"}
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(typed.Issuer, "?#"):
		return &Problem{"issuer", "issuer_plain"}
	case typed.ClientID == "" || len(typed.ClientID) > 300 || clean(typed.ClientID) != typed.ClientID:
		return &Problem{"client_id", "client_id"}
	case len(secret) > 1000 || clean(secret) != secret:
		return &Problem{"secret", "secret_form"}
	case !typed.Policy.Valid():
		return &Problem{"policy", "policy"}
	case len(typed.ACRValues) > 10 || slices.ContainsFunc(typed.ACRValues, func(v string) bool { return short(v) != v }):
		return &Problem{"acr", "acr"}
	}
	return nil
}

// Remove takes the provider away, and ends the sessions that it began. Links stay, in case it comes back: without a
// provider they open nothing.
// It returns ErrNotAllowed and fault.StepUpRequired.
func (s *Service) Remove(ctx context.Context, sess session.Session, client session.Client) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		n, err := s.q.SSOProviderDelete(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return fmt.Errorf("remove the provider of office %d: %w", sess.User.OfficeID, err)
		}
		if n == 0 {
			return nil
		}
		if err := session.EndBegunBySSO(ctx, tx, sess.User.OfficeID, sess.ID); err != nil {
			return err
		}
		return s.log.Write(ctx, tx, sess.Event(audit.SSORemoved, client))
	})
}

// report keeps what a test brought back. Trouble is part of the report; any other error is answered.
func (s *Service) report(
	ctx context.Context, tx dbsqlc.DBTX, officeID int64, issuer string, said claims, err error,
) error {
	var trouble *Trouble
	if err != nil && !errors.As(err, &trouble) {
		return err
	}
	kept := dbsqlc.SSOProviderTestedParams{
		OfficeID: officeID, Issuer: issuer, Amr: said.AMR, Acr: said.ACR, AuthTime: !said.AuthTime.IsZero(),
	}
	if trouble != nil {
		kept.Trouble = string(trouble.Kind)
	}
	if kept.Amr == nil {
		kept.Amr = []string{}
	}
	if err := s.q.SSOProviderTested(ctx, tx, kept); err != nil {
		return fmt.Errorf("keep the report of office %d: %w", officeID, err)
	}
	return nil
}

// Refusal is somebody whom the policy kept out.
type Refusal struct {
	At      time.Time
	Who     string // username, or what the provider calls who is linked to nobody
	Linked  bool
	Address string
}

// Refusals returns the last twenty refusals in the session's office. It returns ErrNotAllowed.
func (s *Service) Refusals(ctx context.Context, sess session.Session) ([]Refusal, error) {
	if !sess.User.Role.ManagesOffice() {
		return nil, ErrNotAllowed
	}
	rows, err := s.q.SSORefusals(ctx, s.pool, sess.User.OfficeID)
	if err != nil {
		return nil, fmt.Errorf("list refusals of office %d: %w", sess.User.OfficeID, err)
	}
	refusals := make([]Refusal, len(rows))
	for i, r := range rows {
		refusals[i] = Refusal{r.At, r.Actor, r.Actor != "", r.Address}
		if r.Actor == "" {
			refusals[i].Who = r.Detail
		}
	}
	return refusals, nil
}
