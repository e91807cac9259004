package phone

// Reason is why a number is refused. The page has a sentence for each.
type Reason string

// Reasons to refuse a number.
const (
	NotANumber  Reason = "not a number"             // letters, junk, or no such calling code
	NoCountry   Reason = "no country"               // neither a code typed nor a country chosen
	Extension   Reason = "extension"                // "ext 5": a text message has no extensions
	TooShort    Reason = "too short"                // for a mobile number of the country
	TooLong     Reason = "too long"                 // likewise, or over 64 bytes typed
	NotPossible Reason = "not possible"             // no number of the country has this length
	WrongKind   Reason = "cannot get text messages" // fixed line, pager, voicemail, company, internet
	Premium     Reason = "premium rate"
	SharedCost  Reason = "shared cost"
	Personal    Reason = "personal number" // +44 70: looks like a mobile, bills like premium
	TollFree    Reason = "toll free"
	Satellite   Reason = "satellite" // +870, +881 and the other networks of no country
	Elsewhere   Reason = "elsewhere" // a mobile of a region that is dialled alike, under another calling code: see Instead
	Unlisted    Reason = "unlisted"  // possible but not known as valid: ask once, then ParseSure
)

// Refusal is the error of Parse. Its text is for the operator and never has the
// number in it.
type Refusal struct {
	Reason  Reason
	Country Country // the country it was read for, "" if none
	Instead Number  // of Elsewhere: the number that was meant
}

func (r *Refusal) Error() string {
	if r.Country == Globe {
		return "mobile number refused: " + string(r.Reason)
	}
	return "mobile number refused for " + string(r.Country) + ": " + string(r.Reason)
}
