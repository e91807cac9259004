package phone

import "strconv"

// Parse reads a complete number as typed, with or without a calling code.
// country is the one chosen in the list; it is used when no code is typed, and
// kept when a code is typed that it shares. An unknown country counts as none.
//
// Every error is a *Refusal, and has no digit of the number in it. Unlisted means
// that the number may well exist: number plans are newer than any table. Ask
// once whether it is right, then call ParseSure.
func Parse(typed string, country Country) (Number, error) {
	n, refusal := parse(typed, country.known())
	if refusal != nil {
		return Number{}, refusal
	}
	return n, nil
}

// ParseSure is Parse for a user who was asked and is sure: it takes Unlisted
// numbers too, and refuses all others alike.
func ParseSure(typed string, country Country) (Number, error) {
	n, refusal := parse(typed, country.known())
	if refusal != nil && refusal.Reason != Unlisted {
		return Number{}, refusal
	}
	return n, nil
}

// parse returns the number beside a refusal that is Unlisted.
func parse(text string, country Country) (Number, *Refusal) {
	line := read(text)
	if len(line) > maxTyped {
		return Number{}, &Refusal{Reason: TooLong, Country: country}
	}
	r := scan(line, country)
	switch {
	case r.problem != "":
		return Number{}, &Refusal{Reason: r.problem, Country: country}
	case r.digits == "":
		return Number{}, &Refusal{Reason: NotANumber, Country: country}
	}

	// The first way to read it that gives a mobile number; if none does, the first
	// says why not.
	var first Number
	var refused *Refusal
	for _, text := range r.texts(country) {
		n, refusal := judge(text, country)
		if refusal == nil {
			return n, nil
		}
		if refused == nil {
			first, refused = n, refusal
		}
	}
	return first, refused
}

// texts are the ways to read r, the likeliest first, as libphonenumber takes
// them: "+" and digits, or the digits of a number within country.
func (r reading) texts(country Country) []string {
	if !r.international {
		// A dial-out prefix of one digit (0 in Samoa) would make an ordinary number
		// with a 0 before it a call to Russia: only the country's code helps.
		if code := country.CallingCode(); code != 0 && plans().of[country].dialsOutByOne(r.digits) {
			return []string{"+" + strconv.Itoa(code) + r.digits}
		}
		return []string{r.digits}
	}
	// "(0)" is usually for calls inside the country, but part of the number where
	// numbers begin with 0 (+242 (0)6 in Congo).
	texts := []string{"+" + r.digits}
	if r.trunk >= 0 {
		texts = append(texts, "+"+r.withoutTrunk())
	}
	// 00 that does not make a number as + may begin a longer dial-out prefix of
	// the country: 0011 in Australia, 000 in Kenya.
	if !r.plus && country != Globe {
		texts = append(texts, "00"+r.digits)
	}
	return texts
}
