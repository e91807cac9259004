package phone

import (
	"errors"
	"slices"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

// judge asks libphonenumber about one reading.
func judge(text string, country Country) (Number, *Refusal) {
	region := string(country)
	if text[0] == '+' {
		region = "" // or the library reads an unknown code as a number of the region
	}
	read, err := phonenumbers.Parse(text, region)
	if err != nil {
		return Number{}, &Refusal{Reason: reasonOf(err, text, country), Country: Live(text, country, true)}
	}
	code := int(read.GetCountryCode())
	all := plans()
	if all.sharing[code] == nil {
		return Number{}, &Refusal{Reason: ofNoCountry(code), Country: Globe}
	}
	national := phonenumbers.GetNationalSignificantNumber(read)
	n := Number{
		E164:    phonenumbers.Format(read, phonenumbers.E164),
		Country: all.place(code, national, country, true),
	}
	reason := all.of[n.Country].judge(read, national)
	if meant, ok := all.elsewhere(n.Country, national); ok && reason == Unlisted {
		return n, &Refusal{Reason: Elsewhere, Country: n.Country, Instead: meant}
	}
	if reason != "" {
		return n, &Refusal{Reason: reason, Country: n.Country}
	}
	return n, nil
}

// dialledAlike are countries and regions between which one dials without a calling code, though each has its own:
// France and its departments overseas. People write the number of one behind the code of another.
var dialledAlike = [][]Country{{"FR", "GP", "GF", "MQ", "RE", "YT"}}

// elsewhere returns the mobile number that national is in another country that is dialled like this one.
func (all *planned) elsewhere(country Country, national string) (Number, bool) {
	for _, family := range dialledAlike {
		if !slices.Contains(family, country) {
			continue
		}
		for _, other := range family {
			if other != country && all.of[other].mobile.walk(national).matches {
				return Number{E164: "+" + strconv.Itoa(all.code[other]) + national, Country: other}, true
			}
		}
	}
	return Number{}, false
}

// judge returns why a number of the country is refused, "" if it is not.
func (p *plan) judge(read *phonenumbers.PhoneNumber, national string) Reason {
	// By kind, not by IsValidNumber: a fixed line and +44 70 are valid.
	switch phonenumbers.GetNumberType(read) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE: // the latter: +1
		return ""
	case phonenumbers.PREMIUM_RATE:
		return Premium
	case phonenumbers.SHARED_COST:
		return SharedCost
	case phonenumbers.PERSONAL_NUMBER:
		return Personal
	case phonenumbers.TOLL_FREE:
		return TollFree
	case phonenumbers.UNKNOWN:
		return p.judgeUnlisted(read, national)
	}
	return WrongKind
}

// judgeUnlisted is for a number that no pattern has.
func (p *plan) judgeUnlisted(read *phonenumbers.PhoneNumber, national string) Reason {
	switch phonenumbers.IsPossibleNumberWithReason(read) {
	case phonenumbers.IS_POSSIBLE:
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return TooShort
	case phonenumbers.TOO_LONG:
		return TooLong
	default:
		return NotPossible
	}
	// Possible for the library means: for any kind. Whoever left out a digit is
	// better told so than asked whether they are sure.
	fits := slices.Contains(p.mobileLengths, len(national))
	f := p.mobile.walk(national)
	switch {
	case !fits && f.inside:
		return TooLong
	case !fits && f.alive == len(national):
		return TooShort
	}
	// In a range that costs, a digit more or less does not make it a mobile: being
	// sure must not open +44 70.
	for _, dear := range p.dear {
		if f := dear.shape.walk(national); f.inside || f.alive == len(national) {
			return dear.reason
		}
	}
	switch {
	case fits && lasts(read):
		return Unlisted
	case len(national) > slices.Max(p.mobileLengths):
		return TooLong
	case len(national) < slices.Min(p.mobileLengths):
		return TooShort
	}
	return NotPossible
}

// lasts reports whether a number, once stored, is read as itself again. A made-up
// number of zeros is not: the library takes one off each time.
func lasts(read *phonenumbers.PhoneNumber) bool {
	e164 := phonenumbers.Format(read, phonenumbers.E164)
	again, err := phonenumbers.Parse(e164, "")
	return err == nil && phonenumbers.Format(again, phonenumbers.E164) == e164
}

// reasonOf translates libphonenumber's errors. The text is digits alone, so what
// it does not call a number is too little of one ("+31").
func reasonOf(err error, text string, country Country) Reason {
	switch {
	case country == Globe && text[0] != '+':
		return NoCountry
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return NotANumber
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return TooLong
	}
	return TooShort
}

// ofNoCountry is the reason for the codes that belong to services and networks
// (ITU-T E.164 assigned country codes). None is a mobile phone of a user.
func ofNoCountry(code int) Reason {
	switch code {
	case 800:
		return TollFree
	case 808:
		return SharedCost
	case 878:
		return Personal
	case 979:
		return Premium
	case 888:
		return WrongKind
	}
	return Satellite
}
