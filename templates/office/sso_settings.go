package office

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// SSOSettingsView is Settings > Office > Sign-in: the office's provider.
type SSOSettingsView struct {
	Kind      ProviderKind
	Tenant    string // of Microsoft Entra ID, out of the issuer
	Start     string // the address of a tile at the provider
	Exists    bool   // a provider is set, its secret too
	Issuer    string
	ClientID  string
	Policy    Policy
	ACR       string // separated by spaces
	Callback  string // the address to register at the provider
	TwoFactor bool   // the office demands two factors now
	Fresh     bool   // the superuser may save without proving anything first
	Host      string // of the provider that is set
	Field     string // which is wrong, or ""
	Error     string
	Test      *SSOTest
	Refusals  []SSORefusal
}

// Problems implements templates.Refusable.
func (v SSOSettingsView) Problems() []templates.Problem {
	return templates.Problems(v.Field, v.Error)
}

// ProviderKind is a provider whose set-up the page explains.
type ProviderKind string

// The kinds. Other is any provider, described by its issuer.
const (
	ProviderMicrosoft ProviderKind = "microsoft"
	ProviderGoogle    ProviderKind = "google"
	ProviderOther     ProviderKind = "other"
)

// ProviderTile leads to the set-up of a kind of provider.
type ProviderTile struct {
	Kind   ProviderKind
	Icon   string
	Chosen bool
}

// Tiles returns the kinds to choose from.
func (v SSOSettingsView) Tiles() []ProviderTile {
	return []ProviderTile{
		{ProviderMicrosoft, "building-2", v.Kind == ProviderMicrosoft},
		{ProviderGoogle, "users", v.Kind == ProviderGoogle},
		{ProviderOther, "key-round", v.Kind == ProviderOther},
	}
}

// Steps returns the keys of what is to be done at a provider, in order.
func (v SSOSettingsView) Steps() []string {
	switch v.Kind {
	case ProviderMicrosoft:
		return []string{"sso_microsoft.1", "sso_microsoft.2", "sso_microsoft.3", "sso_microsoft.4", "sso_microsoft.5"}
	case ProviderGoogle:
		return []string{"sso_google.1", "sso_google.2", "sso_google.3", "sso_google.4"}
	}
	return nil
}

// Policy is what an office makes of single sign-on while it demands two factors.
type Policy string

// The provider's log-in is refused, trusted with the second factor, or followed by ours.
const (
	PolicyRefuse Policy = "refuse"
	PolicyTrust  Policy = "trust"
	PolicyAsk    Policy = "ask"
)

// PolicyChoice is a policy to choose.
type PolicyChoice struct {
	Policy Policy
	Icon   string
	Chosen bool
}

// Policies returns the policies to choose from.
func (v SSOSettingsView) Policies() []PolicyChoice {
	return []PolicyChoice{
		{PolicyRefuse, "shield-check", v.Policy == PolicyRefuse},
		{PolicyTrust, "key-round", v.Policy == PolicyTrust},
		{PolicyAsk, "smartphone", v.Policy == PolicyAsk},
	}
}

// SSOTest is what the last test of the connection brought back.
type SSOTest struct {
	At       time.Time
	Issuer   string
	Trouble  string // a sentence, or "" when all is well
	AMR      string
	ACR      string
	AuthTime bool
}

// SSORefusal is somebody whom the policy kept out.
type SSORefusal struct {
	At      time.Time
	Account string
	Linked  bool // Account is a username; else what the provider calls them
	Address string
}

// SSOSettings is the page.
var SSOSettings = templates.NewPage[SSOSettingsView](files, templates.App, "sso_settings.html")
