package sms

import (
	"slices"
	"strings"
	"testing"
)

func isCountry(code string) bool { return slices.Contains([]string{"NL", "BE", "DE", "XK"}, code) }

func TestEachCountryHasItsProvidersInOrder(t *testing.T) {
	known := []string{"vonage", "webhook"}
	for text, want := range map[string][3]string{ // NL, DE, and a country that no rule names
		"*=vonage":                                {"vonage", "vonage", "vonage"},
		"NL,BE=vonage>webhook; *=webhook>vonage":  {"vonage webhook", "webhook vonage", "webhook vonage"},
		" nl , be = Vonage > WEBHOOK ;*=webhook;": {"vonage webhook", "webhook", "webhook"},
		"*,NL=webhook; DE=vonage":                 {"webhook", "vonage", "webhook"},
		"XK=vonage;\n*=webhook\n":                 {"webhook", "webhook", "webhook"},
	} {
		r, err := ParseRoutes(text, known, isCountry)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := [3]string{}
		for i, country := range []string{"NL", "DE", "US"} {
			got[i] = strings.Join(r.For(country), " ")
		}
		if got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestARouteThatMakesNoSenseStopsTheStart(t *testing.T) {
	known := []string{"vonage"}
	for text, says := range map[string]string{
		"":                             "holds no rule",
		" ; ;":                         "holds no rule",
		"vonage":                       "is not a rule",
		"NL=vonage":                    "no rule for all other countries",
		"*=pigeon":                     `the provider "pigeon", which is not set up: there is vonage`,
		"*=webhook":                    "not set up", // known, but without its settings
		"*=voice":                      "not set up",
		"*=":                           "lacks a provider",
		"*=vonage>":                    "lacks a provider",
		"*=vonage>vonage":              "twice",
		"NL=vonage;NL=vonage;*=vonage": "two rules for NL",
		"NL,nl=vonage;*=vonage":        "two rules for NL",
		"*=vonage;*=vonage":            "two rules for *",
		"ZZ=vonage;*=vonage":           `"ZZ" is not a country`,
		"NLD=vonage;*=vonage":          "is not a country",
		"+31=vonage;*=vonage":          "is not a country",
		"=vonage;*=vonage":             "lacks a country",
		"NL,,BE=vonage;*=vonage":       "lacks a country",
		"NL=vonage=webhook;*=vonage":   "not set up",
	} {
		if r, err := ParseRoutes(text, known, isCountry); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q gives %v, %v; want a sentence with %q", text, r, err, says)
		}
	}
}

func TestARouteIsTheCallersOwn(t *testing.T) {
	r, err := ParseRoutes("NL=vonage>webhook;*=webhook>vonage", []string{"vonage", "webhook", "other"}, isCountry)
	if err != nil {
		t.Fatal(err)
	}
	for _, country := range []string{"NL", "US"} {
		before := strings.Join(r.For(country), ">")
		r.For(country)[0] = "changed"
		if after := strings.Join(r.For(country), ">"); after != before {
			t.Errorf("%s became %s", before, after)
		}
	}
	if to := RoutesTo("demo").For("NL"); !slices.Equal(to, []string{"demo"}) {
		t.Errorf("without rules: %v", to)
	}
}
