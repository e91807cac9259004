package phone

import "slices"

// Country is an ISO 3166-1 alpha-2 code in upper case ("NL"), or one of the few
// libphonenumber adds (XK, AC). "" is the globe: no country decided.
type Country string

// Globe is no country: what shows while the digits have decided nothing.
const Globe Country = ""

// CallingCode is the number after the plus, 31 for NL. It is 0 for the globe and
// for whatever is not in Countries.
func (c Country) CallingCode() int {
	return plans().code[c]
}

// Countries are all that can have a mobile number according to libphonenumber,
// sorted by code. The slice is the caller's own.
func Countries() []Country {
	return slices.Clone(plans().countries)
}

// mostUsed is how many countries stand above the line in the list, and usual is
// what fills them up.
const mostUsed = 6

var usual = [mostUsed]Country{"NL", "BE", "DE", "FR", "GB", "LU"}

// MostUsed returns the six countries that stand above the line: the first of
// counted, which come ordered by use, filled up from NL, BE, DE, FR, GB, LU.
// Repeats and unknown countries are skipped.
func MostUsed(counted []Country) []Country {
	top := make([]Country, 0, mostUsed)
	for _, c := range slices.Concat(counted, usual[:]) {
		if len(top) < mostUsed && c.CallingCode() != 0 && !slices.Contains(top, c) {
			top = append(top, c)
		}
	}
	return top
}

// known returns c when it is in Countries, and the globe otherwise: a country
// comes from a form, where it can be anything.
func (c Country) known() Country {
	if c.CallingCode() == 0 {
		return Globe
	}
	return c
}
