package operator

import (
	"strings"

	"github.com/nightlatch/nightlatch/templates"
)

// ApplicationsView lists the applications that stand behind the door.
type ApplicationsView struct{ Rows []ApplicationRow }

// ApplicationRow is one of them.
type ApplicationRow struct {
	ID          int64
	Name, About string
	Kind        ApplicationKind
	Host        string
	AllOffices  bool
	Offices     string // codes
	Disabled    bool
}

// ApplicationKind is how an application is guarded.
type ApplicationKind string

// An application behind a proxy, and one that speaks OpenID Connect.
const (
	KindForward ApplicationKind = "forward"
	KindOIDC    ApplicationKind = "oidc"
)

// ClientAuth is how an OpenID Connect client says who it is.
type ClientAuth string

// With a secret, with a key of its own, or not at all.
const (
	AuthSecret ClientAuth = "secret"
	AuthKeySet ClientAuth = "key_set"
	AuthPublic ClientAuth = "public"
)

// Choice is a tile or a radio button with an icon.
type Choice struct {
	Word, Icon string
	Chosen     bool
}

// TextField is a field that is typed in: its label is app_field.<name>, its hint app_hint.<name>.
type TextField struct {
	Name, Value, Error string
	Lines              int // of text; 0 for an input
	Hint, Required     bool
	Max                int // characters
}

// DescribedBy returns the ids of what is said about the field.
func (f TextField) DescribedBy() string {
	var ids []string
	if f.Hint {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// ApplicationFormView is the form of a new application, and of one that is changed.
type ApplicationFormView struct {
	ID          int64  // 0 for a new one
	Was         string // its name, as it is registered
	Kind        ApplicationKind
	About       []TextField // what it is, and where
	AllOffices  bool
	Offices     TextField // codes
	Roles       templates.RolesField
	TwoFactor   bool
	Age         TextField // minutes
	Sensitive   bool
	Client      []TextField // of OpenID Connect
	Auth        ClientAuth
	KeySet      TextField
	WithoutPKCE bool
	ES256       bool
}

// Kinds returns the kinds to choose from.
func (v ApplicationFormView) Kinds() []Choice {
	return []Choice{
		{string(KindForward), "globe", v.Kind == KindForward}, {string(KindOIDC), "key-round", v.Kind == KindOIDC},
	}
}

// Auths returns how a client can say who it is.
func (v ApplicationFormView) Auths() []Choice {
	return []Choice{
		{string(AuthSecret), "key-round", v.Auth == AuthSecret}, {string(AuthKeySet), "shield-check", v.Auth == AuthKeySet},
		{string(AuthPublic), "smartphone", v.Auth == AuthPublic},
	}
}

// Problems implements templates.Refusable.
func (v ApplicationFormView) Problems() (found []templates.Problem) {
	fields := append([]TextField{}, v.About...)
	fields = append(append(fields, v.Client...), v.KeySet)
	for _, f := range fields {
		found = append(found, templates.Problems(f.Name, f.Error)...)
	}
	return append(found, templates.Problems(v.Offices.Name, v.Offices.Error, "roles", v.Roles.Error, v.Age.Name,
		v.Age.Error)...)
}

// Applications is the list, ApplicationForm the form.
var (
	Applications    = templates.NewPage[ApplicationsView](files, templates.App, "applications.html")
	ApplicationForm = templates.NewPage[ApplicationFormView](files, templates.App, "application_form.html")
)
