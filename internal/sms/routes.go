package sms

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Routes says for each country which providers are tried, and in what order.
type Routes struct {
	countries map[string][]string // country code to providers
	rest      []string            // every other country
}

// everywhere stands in SMS_ROUTES for every country that is not named.
const everywhere = "*"

var countryShape = regexp.MustCompile(`^[A-Z]{2}$`)

// ParseRoutes reads SMS_ROUTES: rules between semicolons, each with countries, and
// the providers to try for them in order:
//
//	NL,BE=vonage>webhook; *=webhook>vonage
//
// known are the providers that are set up; isCountry tells whether a code of two
// letters is a country. Its errors are sentences for the operator. No country is left
// without a rule: the last stands for all others.
func ParseRoutes(text string, known []string, isCountry func(code string) bool) (Routes, error) {
	r := Routes{countries: map[string][]string{}}
	for rule := range strings.SplitSeq(text, ";") {
		rule = strings.TrimSpace(rule)
		if rule == "" {
			continue // a semicolon at the end
		}
		countries, providers, found := strings.Cut(rule, "=")
		if !found {
			return Routes{}, fmt.Errorf("SMS_ROUTES: %q is not a rule such as NL,BE=vonage>webhook", rule)
		}
		order, err := parseOrder(providers, known)
		if err != nil {
			return Routes{}, fmt.Errorf("SMS_ROUTES: %q %w", rule, err)
		}
		for code := range strings.SplitSeq(countries, ",") {
			code = strings.ToUpper(strings.TrimSpace(code))
			switch {
			case code == "":
				return Routes{}, fmt.Errorf("SMS_ROUTES: %q lacks a country before the = or between commas", rule)
			case code == everywhere && r.rest != nil, r.countries[code] != nil:
				return Routes{}, fmt.Errorf("SMS_ROUTES has two rules for %s: which one counts?", code)
			case code == everywhere:
				r.rest = order
			case !countryShape.MatchString(code) || !isCountry(code):
				return Routes{}, fmt.Errorf("SMS_ROUTES: %q is not a country: use two letters, such as NL, or * for all others",
					code)
			default:
				r.countries[code] = order
			}
		}
	}
	if len(r.countries) == 0 && r.rest == nil {
		return Routes{}, errors.New("SMS_ROUTES holds no rule: unset it to try every provider everywhere, or write one " +
			"such as *=vonage>webhook")
	}
	if r.rest == nil {
		return Routes{}, errors.New("SMS_ROUTES has no rule for all other countries: add one, such as *=vonage")
	}
	return r, nil
}

func parseOrder(text string, known []string) ([]string, error) {
	var order []string
	for name := range strings.SplitSeq(text, ">") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "":
			return nil, errors.New("lacks a provider behind the = or between two >")
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("names the provider %q, which is not set up: there is %s", name, strings.Join(known, ", "))
		case slices.Contains(order, name):
			return nil, fmt.Errorf("names the provider %s twice", name)
		}
		order = append(order, name)
	}
	return order, nil
}

// RoutesTo are the routes without a rule: these providers, in this order, everywhere.
func RoutesTo(providers ...string) Routes { return Routes{rest: slices.Clone(providers)} }

// For returns the providers to try for a country (ISO code), the first first. The slice
// is the caller's own.
func (r Routes) For(country string) []string {
	if order, found := r.countries[country]; found {
		return slices.Clone(order)
	}
	return slices.Clone(r.rest)
}
