package issuer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Leaving is a log-out that an application asked for (RP-initiated), as far as it could be believed.
type Leaving struct {
	Application string // "" where nobody can tell which one it is
	Redirect    string // one of its registered addresses, with its state; "" for a page of ours
	Unknown     bool   // it wanted the browser at an address that is not registered
	Sid         string // the session, as the application knows it, by an ID token of ours; "" without one
	Until       time.Time
}

const (
	purposeLeaving = "oidc log-out"
	// leavingLife is how long its user may think about a log-out.
	leavingLife = 30 * time.Minute
)

// Leave reads an application's request to log its user out, and returns it sealed, for an address of ours; "" when it
// says nothing. Whatever of it cannot be believed counts for nothing: without an ID token of ours the user is asked,
// and the browser is led to no address that is not registered to the letter.
func (s *Service) Leave(ctx context.Context, values url.Values, from session.Client) (sealed string, _ error) {
	ctx = op.ContextWithIssuer(ctx, s.issuer)
	leaving, err := s.leaving(ctx, values, from)
	if err != nil {
		return "", err
	}
	if leaving == (Leaving{Until: leaving.Until}) {
		return "", nil // nothing to remember
	}
	plain, err := json.Marshal(leaving)
	if err != nil {
		return "", fmt.Errorf("write a log-out: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(s.ring.Seal(purposeLeaving, "", plain)), nil
}

func (s *Service) leaving(ctx context.Context, values url.Values, from session.Client) (Leaving, error) {
	leaving := Leaving{Until: time.Now().Add(leavingLife)}
	size := 0
	for name, all := range values {
		if len(all) > 1 { // which of them would be meant?
			return leaving, nil
		}
		size += len(name) + len(all[0])
	}
	request := new(oidc.EndSessionRequest)
	if err := s.provider.Decoder().Decode(request, values); err != nil || size > maxRequest {
		return leaving, nil //nolint:nilerr // the user is asked
	}
	leaving.Unknown = request.PostLogoutRedirectURI != "" // until it is found
	id := request.ClientID
	if request.IdTokenHint != "" {
		told, err := op.VerifyIDTokenHint[*oidc.IDTokenClaims](ctx, request.IdTokenHint,
			s.provider.IDTokenHintVerifier(ctx))
		if err != nil && !errors.As(err, &op.IDTokenHintExpiredError{}) || id != "" && id != told.AuthorizedParty {
			return leaving, nil
		}
		id, leaving.Sid = told.AuthorizedParty, told.SessionID
	}
	if id == "" {
		return leaving, nil
	}
	c, err := s.client(ctx, id)
	if errors.Is(err, errNoClient) {
		return leaving, nil
	}
	if err != nil {
		return leaving, err
	}
	leaving.Application = c.row.Name
	if !leaving.Unknown {
		return leaving, nil
	}
	if !slices.Contains(c.row.PostLogoutUris, request.PostLogoutRedirectURI) {
		return leaving, s.refused(ctx, c, nil, "post_logout_redirect_uri", from)
	}
	leaving.Unknown = false
	leaving.Redirect, err = withState(request.PostLogoutRedirectURI, request.State)
	return leaving, err
}

func withState(address, state string) (string, error) {
	if state == "" {
		return address, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read a registered address: %w", err)
	}
	query := u.Query()
	query.Set("state", state)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Left returns a log-out that Leave has sealed, and whether it is about this very session: its user is not asked then.
// It returns ErrOver for what is too old, or nothing of ours.
func (s *Service) Left(ctx context.Context, sealed string, sess *session.Session) (_ Leaving, theirs bool, _ error) {
	if sealed == "" {
		return Leaving{}, false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return Leaving{}, false, ErrOver
	}
	plain, err := s.ring.Open(purposeLeaving, "", raw)
	if err != nil {
		return Leaving{}, false, ErrOver
	}
	var leaving Leaving
	if err := json.Unmarshal(plain, &leaving); err != nil {
		return Leaving{}, false, fmt.Errorf("read a log-out: %w", err)
	}
	if leaving.Until.Before(time.Now()) {
		return Leaving{}, false, ErrOver
	}
	if sess == nil || leaving.Sid == "" {
		return leaving, false, nil
	}
	theirs, err = s.q.OIDCSidOfSession(ctx, s.pool, dbsqlc.OIDCSidOfSessionParams{Sid: leaving.Sid, SessionID: sess.ID})
	if err != nil {
		return Leaving{}, false, fmt.Errorf("compare the session of a log-out: %w", err)
	}
	return leaving, theirs, nil
}
