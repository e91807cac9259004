package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
)

// Discovery is what clients read first. It offers what there is, and nothing else.
type Discovery struct {
	*oidc.DiscoveryConfiguration
	ResponseIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// Discovery returns the document.
func (s *Service) Discovery(ctx context.Context) Discovery {
	ctx = op.ContextWithIssuer(ctx, s.issuer)
	d := op.CreateDiscoveryConfig(ctx, s.provider, storage{s})
	d.ScopesSupported = []string{"openid", "profile", "email", "offline_access", ScopeOffice}
	d.ResponseTypesSupported, d.ResponseModesSupported = []string{"code"}, []string{"query"}
	d.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
	d.ACRValuesSupported = []string{acrTwo, acrOne}
	d.ClaimsSupported = []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "sid",
		"at_hash", "name", "preferred_username", "locale", "email", "office", "role", "nl_factor_time"}
	d.TokenEndpointAuthSigningAlgValuesSupported = supported()
	d.RevocationEndpointAuthSigningAlgValuesSupported = supported()
	d.IntrospectionEndpointAuthSigningAlgValuesSupported = supported()
	d.DeviceAuthorizationEndpoint, d.CheckSessionIframe = "", ""
	for _, l := range locale.Languages() {
		d.UILocalesSupported = append(d.UILocalesSupported, language.Make(l))
	}
	d.DisplayValuesSupported = []oidc.Display{"page"}
	d.IntrospectionEndpointAuthMethodsSupported = append(d.IntrospectionEndpointAuthMethodsSupported,
		oidc.AuthMethodPost)
	d.ClaimTypesSupported = []string{"normal"}
	d.BackChannelLogoutSupported, d.BackChannelLogoutSessionSupported = true, true
	return Discovery{d, true}
}

func supported() (names []string) {
	for _, a := range algorithms() {
		names = append(names, string(a))
	}
	return names
}

// Token trades codes and refresh tokens for tokens.
func (s *Service) Token(w http.ResponseWriter, r *http.Request, from session.Client) error {
	return s.machine(w, r, from, func(w http.ResponseWriter, r *http.Request) { op.Exchange(w, r, s.provider) })
}

// Introspect tells a client what became of a token of its own.
func (s *Service) Introspect(w http.ResponseWriter, r *http.Request, from session.Client) error {
	return s.machine(w, r, from, func(w http.ResponseWriter, r *http.Request) {
		// Here the library takes a secret from the header alone, and clients send it where they do elsewhere.
		id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
		if _, _, has := r.BasicAuth(); !has && id != "" && secret != "" {
			r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		}
		op.Introspect(w, r, s.provider)
	})
}

// Revoke ends what a token belongs to.
func (s *Service) Revoke(w http.ResponseWriter, r *http.Request, from session.Client) error {
	return s.machine(w, r, from, func(w http.ResponseWriter, r *http.Request) { op.Revoke(w, r, s.provider) })
}

// machine answers a request of a client by itself: what it sends stands in the body, never in the address, which
// proxies log; what is refused is written down with the reason.
func (s *Service) machine(
	w http.ResponseWriter, r *http.Request, from session.Client, answer func(http.ResponseWriter, *http.Request),
) error {
	c := &call{from: from}
	ctx := context.WithValue(op.ContextWithIssuer(r.Context(), s.issuer), callKey{}, c)
	r = r.Clone(ctx)
	r.URL.RawQuery = ""
	held := &held{header: w.Header(), status: http.StatusOK}
	if err := s.once(ctx, r); err != nil {
		op.RequestError(held, r, err, nil)
	} else {
		answer(held, r)
	}
	if held.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="nightlatch"`)
	}
	var failed error
	if held.status >= http.StatusBadRequest && c.client != nil {
		failed = s.refused(ctx, c.client, c.grant, held.why(), from)
	}
	w.WriteHeader(held.status)
	_, err := w.Write(held.body.Bytes())
	return errors.Join(failed, err)
}

// held keeps an answer until it is known what it is.
type held struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (h *held) Header() http.Header         { return h.header }
func (h *held) WriteHeader(status int)      { h.status = status }
func (h *held) Write(b []byte) (int, error) { return h.body.Write(b) }

// why is the reason of a refusal, as its client is told it.
func (h *held) why() string {
	var told struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(h.body.Bytes(), &told) != nil || told.Error == "" {
		return "client authentication"
	}
	if told.Description == "" {
		return told.Error
	}
	return told.Error + ", " + told.Description
}

// once refuses a signed request of a client that came before, or says no id.
func (s *Service) once(ctx context.Context, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return oidc.ErrInvalidRequest().WithDescription("the form cannot be read")
	}
	for _, all := range r.PostForm {
		if len(all) > 1 {
			return oidc.ErrInvalidRequest().WithDescription("a parameter is there twice")
		}
	}
	return s.useAssertion(ctx, r.PostForm.Get("client_assertion"))
}

// UserInfo returns what an application may know of the user of an access token: nil for a token that is worth nothing.
func (s *Service) UserInfo(r *http.Request) (*oidc.UserInfo, error) {
	ctx := op.ContextWithIssuer(r.Context(), s.issuer)
	r = r.Clone(ctx)
	r.URL.RawQuery = ""
	token, err := op.ParseUserinfoRequest(r, s.provider.Decoder())
	if err != nil || token == "" {
		return nil, nil //nolint:nilerr,nilnil // no token is one that is worth nothing
	}
	id, err := s.provider.Crypto().Decrypt(token)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // as above
	}
	number, subject, _ := strings.Cut(id, ":")
	g, row, err := s.token(ctx, number)
	if errors.Is(err, errNoToken) || err == nil &&
		(g.Subject != subject || !slices.Contains(row.scopes, oidc.ScopeOpenID)) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, fmt.Errorf("find an access token: %w", err)
	}
	info := new(oidc.UserInfo)
	g.tell(info, row.scopes)
	return info, nil
}
