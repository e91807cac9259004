package issuer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
)

var (
	// ErrClient says that nobody is registered under a client id, or that its application is disabled.
	ErrClient = fault.New(fault.Invalid, "no such client")
	// ErrRedirect says that an address is none of the client's: nothing is told to it.
	ErrRedirect = fault.New(fault.Invalid, "the redirect address is not registered for this client")
	// ErrOver says that a request is answered, or waited for its user too long.
	ErrOver = fault.New(fault.Ended, "no such authorization request")
)

// ScopeOffice is the scope by which an application is told the user's office and role.
const ScopeOffice = "office"

// maxRequest bounds what is kept of a request.
const maxRequest = 8 << 10

// Asked is an authorization request that was read: it waits for its user under Handle, or has its answer already, an
// error, in Redirect.
type Asked struct{ Handle, Redirect string }

// Begin reads an authorization request and keeps all of it, however long its user's log-in takes. It returns ErrClient
// and ErrRedirect, which must not be told to the address that was asked for.
func (s *Service) Begin(ctx context.Context, values url.Values, from session.Client) (Asked, error) {
	ctx = op.ContextWithIssuer(ctx, s.issuer)
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(values[name]) > 1 {
			return Asked{}, ErrClient // which of them would be meant?
		}
	}
	c, err := s.client(ctx, values.Get("client_id"))
	switch {
	case errors.Is(err, errNoClient):
		return Asked{}, ErrClient
	case err != nil:
		return Asked{}, err
	}
	if !c.redirects(values.Get("redirect_uri")) {
		return Asked{}, errors.Join(ErrRedirect, s.refused(ctx, c, nil, "redirect_uri", from))
	}
	c.asked = values.Get("redirect_uri")
	request, hint, wrong := s.read(ctx, c, values)
	if wrong != nil {
		to, err := s.tell(values.Get("redirect_uri"), values.Get("state"), wrong)
		return Asked{Redirect: to}, errors.Join(err, s.refused(ctx, c, nil, reason(wrong), from))
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	handle := hex.EncodeToString(raw) // an address of ours has small letters alone
	var maxAge *int32
	if request.MaxAge != nil {
		seconds := int32(min(*request.MaxAge, 1<<30))
		maxAge = &seconds
	}
	err = s.q.OIDCAsk(ctx, s.pool, dbsqlc.OIDCAskParams{
		ApplicationID: c.row.ApplicationID, HandleHash: hash(handle), RedirectUri: request.RedirectURI,
		State: request.State, Nonce: request.Nonce, Scopes: request.Scopes, CodeChallenge: request.CodeChallenge,
		Prompt: append([]string{}, request.Prompt...), MaxAge: maxAge,
		AcrValues: append([]string{}, request.ACRValues...), SubjectHint: hint,
	})
	if err != nil {
		return Asked{}, fmt.Errorf("keep an authorization request: %w", err)
	}
	return Asked{Handle: handle}, nil
}

// refusedError is an error of the protocol that the library has no name for.
type refusedError struct{ code, why string }

func (e *refusedError) Error() string { return e.code + ": " + e.why }

var challenge = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// read reads a request whose client and address are known. Its error may be told to the client.
func (s *Service) read(ctx context.Context, c *client, values url.Values) (_ *oidc.AuthRequest, hint string, _ error) {
	size := 0
	for name, all := range values {
		if len(all) > 1 {
			return nil, "", &refusedError{"invalid_request", "a parameter is there twice"}
		}
		size += len(name) + len(all[0])
	}
	if size > maxRequest {
		return nil, "", &refusedError{"invalid_request", "the request is too long"}
	}
	for _, name := range []string{"request", "request_uri", "registration"} {
		if values.Has(name) {
			return nil, "", &refusedError{name + "_not_supported", "send the parameters themselves"}
		}
	}
	request := new(oidc.AuthRequest)
	if err := s.provider.Decoder().Decode(request, values); err != nil {
		return nil, "", &refusedError{"invalid_request", "a parameter cannot be read"}
	}
	switch mode := values.Get("response_mode"); {
	case request.ResponseType != oidc.ResponseTypeCode:
		return nil, "", &refusedError{"unsupported_response_type", "the response type is code"}
	case mode != "" && mode != string(oidc.ResponseModeQuery):
		return nil, "", &refusedError{"invalid_request", "the response mode is query"}
	case !slices.Contains(request.Scopes, oidc.ScopeOpenID):
		return nil, "", &refusedError{"invalid_scope", "the scope has openid in it"}
	case request.CodeChallenge == "" && !c.row.AllowWithoutPkce:
		return nil, "", &refusedError{"invalid_request", "code_challenge is missing (PKCE)"}
	case request.CodeChallenge != "" && (request.CodeChallengeMethod != oidc.CodeChallengeMethodS256 ||
		!challenge.MatchString(request.CodeChallenge)):
		return nil, "", &refusedError{"invalid_request", "code_challenge_method is S256"}
	case slices.ContainsFunc(request.Prompt, func(p string) bool {
		return p != oidc.PromptNone && p != oidc.PromptLogin && p != oidc.PromptSelectAccount && p != oidc.PromptConsent
	}):
		return nil, "", &refusedError{"invalid_request", "prompt has an unknown word"}
	}
	login := slices.Contains(request.Prompt, oidc.PromptLogin)
	age := request.MaxAge
	hint, err := op.ValidateAuthRequestClient(ctx, request, c, s.provider.IDTokenHintVerifier(ctx))
	if login {
		request.MaxAge = age // the library makes it 0, which is judged as prompt=login here
	}
	return request, hint, err
}

// Outcome is how far an authorization request is: at the client, or with something to do for its user.
type Outcome struct {
	Application string
	Redirect    string // the address at the client, with a code or an error
	Need        Need
	Refusal     application.Refusal // with NeedNobody
}

// Go goes on with an authorization request for the user of a session, nil for nobody. chosen: they have said that it is
// them. It returns ErrOver.
func (s *Service) Go(
	ctx context.Context, handle string, sess *session.Session, chosen bool, from session.Client,
) (Outcome, error) {
	asked, err := s.asked(ctx, handle)
	if err != nil {
		return Outcome{}, err
	}
	q := question{asked.Prompt, asked.MaxAge, asked.AcrValues, asked.SubjectHint, asked.AskedAt, chosen}
	out := Outcome{Application: asked.Name, Need: NeedLogIn}
	if sess != nil {
		if out.Need, out.Refusal, err = s.judge(ctx, q, asked.ApplicationID, *sess); err != nil {
			return Outcome{}, err
		}
	}
	if out.Need == "" {
		out.Redirect, err = s.answer(ctx, asked, *sess, from)
		return out, err
	}
	if out.Need == NeedNobody {
		event := audit.Event{Action: audit.ApplicationRefused, Detail: asked.Name + ": " + string(out.Refusal)}
		event.Office, event.Actor, event.Address = sess.User.OfficeID, sess.User.Person(), from.Address
		if err := s.log.Write(ctx, s.pool, event); err != nil {
			return Outcome{}, err
		}
	}
	if q.asks(oidc.PromptNone) {
		out.Redirect, err = s.tell(asked.RedirectUri, asked.State, silent(out.Need))
	}
	return out, err
}

// Waits returns nil for a request that waits for its user, else ErrOver.
func (s *Service) Waits(ctx context.Context, handle string) error {
	_, err := s.asked(ctx, handle)
	return err
}

func (s *Service) asked(ctx context.Context, handle string) (dbsqlc.OIDCAskedRow, error) {
	asked, err := s.q.OIDCAsked(ctx, s.pool, hash(handle))
	if errors.Is(err, pgx.ErrNoRows) {
		return asked, ErrOver
	}
	if err != nil {
		return asked, fmt.Errorf("find an authorization request: %w", err)
	}
	return asked, nil
}

// silent is what a client is told that asked for no page.
func silent(need Need) error {
	switch need {
	case NeedNobody:
		return &refusedError{"access_denied", "the user may not enter"}
	case NeedLogIn, NeedProof:
		return &refusedError{"login_required", "the user has to prove who they are"}
	}
	return &refusedError{"interaction_required", "the user has something to do first"}
}

func (s *Service) judge(ctx context.Context, q question, applicationID int64, sess session.Session) (
	Need, application.Refusal, error,
) {
	door, _, _, err := s.applications.Demands(ctx, applicationID, sess.User.OfficeID)
	if errors.Is(err, application.ErrUnknown) {
		return NeedNobody, application.NotOffice, nil // an operator has no office
	}
	if err != nil {
		return "", "", err
	}
	subject, err := s.q.OIDCSubject(ctx, s.pool, sess.User.ID)
	if err != nil {
		return "", "", fmt.Errorf("read who user %d is to applications: %w", sess.User.ID, err)
	}
	need, refusal := q.need(sess, subject, door)
	return need, refusal, nil
}

// answer gives a request its code, and returns the address at the client.
func (s *Service) answer(
	ctx context.Context, asked dbsqlc.OIDCAskedRow, sess session.Session, from session.Client,
) (string, error) {
	code := session.NewToken()
	answer := dbsqlc.OIDCAnswerParams{
		ID: asked.ID, SessionID: sess.ID, CodeHash: code.Hash(), Acr: acrOf(sess.Proven()),
		Amr: amrOf(sess.Methods, sess.Proven()), AuthTime: authTime(sess),
	}
	if sess.Proven() == 2 {
		answer.FactorTime = &sess.SecondFactorAt
	}
	err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		n, err := s.q.OIDCAnswer(ctx, tx, answer)
		if err != nil {
			return fmt.Errorf("answer authorization request %d: %w", asked.ID, err)
		}
		if n == 0 {
			return ErrOver
		}
		event := sess.Event(audit.ApplicationOpened, from)
		event.Detail = asked.Name
		return s.log.Write(ctx, tx, event)
	})
	if err != nil {
		return "", err
	}
	return s.address(asked.RedirectUri, &response{Code: string(code), State: asked.State, Issuer: s.issuer})
}

// response is what a client is told: with our name, so that it cannot be taken for another's (RFC 9207).
type response struct {
	Code        string `schema:"code,omitempty"`
	Error       string `schema:"error,omitempty"`
	Description string `schema:"error_description,omitempty"`
	State       string `schema:"state,omitempty"`
	Issuer      string `schema:"iss"`
}

// tell returns the address at the client that tells it what is wrong.
func (s *Service) tell(redirect, state string, wrong error) (string, error) {
	r := response{Error: reason(wrong), State: state, Issuer: s.issuer}
	var own *refusedError
	var known *oidc.Error
	switch {
	case errors.As(wrong, &own):
		r.Description = own.why
	case errors.As(wrong, &known):
		r.Description = known.Description
	}
	return s.address(redirect, &r)
}

func (s *Service) address(redirect string, r *response) (string, error) {
	to, err := op.AuthResponseURL(redirect, oidc.ResponseTypeCode, oidc.ResponseModeQuery, r, s.provider.Encoder())
	if err != nil {
		return "", fmt.Errorf("write the answer to a client: %w", err)
	}
	return to, nil
}

// reason is the protocol's word for what is wrong.
func reason(wrong error) string {
	var own *refusedError
	if errors.As(wrong, &own) {
		return own.code
	}
	return string(oidc.DefaultToServerError(wrong, "").ErrorType)
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
