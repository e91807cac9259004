package phone

import "strings"

// Live returns the country whose flag shows for what has been typed so far.
//
// current is the country that was shown last. Where the globe shows, hand in
// the country before it, so that it comes back when the digits are deleted, and
// a number without a code still has a country. chosen is true when current was
// picked by hand in the list.
//
// The rules, which are those of intl-tel-input 29 (oracle_test.go):
//
//   - Without a code ("06…") the flag stays.
//   - While the digits may still become the shown country, it stays: +3 for NL,
//     and +4478 for Guernsey. So a country chosen by hand stays as long as the
//     digits allow it.
//   - When they cannot, the country they decide shows: for a shared code the main
//     one of those that are still possible. Before the code is whole, the globe.
//   - Ours alone: a whole number belongs to the country libphonenumber gives it,
//     unless another that it fits as well was chosen by hand.
//
// It never fails: what cannot be read changes nothing.
func Live(text string, current Country, chosen bool) Country {
	current = current.known()
	line := read(text)
	if len(line) > maxTyped {
		return current
	}
	r := scan(line, current)
	if !r.international {
		return current
	}
	digits := r.withoutTrunk()
	all := plans()
	code, national := all.split(digits)
	if code == 0 {
		if digits == "" || all.begins(digits, current) {
			return current
		}
		return Globe
	}
	return all.place(code, national, current, chosen)
}

// place returns the country of a number with a calling code, as far as its national
// digits tell: current if it may, else the main country of those it may.
//
// Digits that fit nowhere (too long, or a number plan newer than the table) are
// placed by as many of them as fit somewhere.
func (all *planned) place(code int, national string, current Country, chosen bool) Country {
	sharing := all.sharing[code]
	if len(sharing) == 1 {
		return sharing[0].country
	}
	if sharing[0].trunk {
		national = strings.TrimPrefix(national, "0")
	}
	deepest, main, whole, stays := -1, Globe, Globe, false
	for _, p := range sharing {
		f := p.place.walk(national)
		if f.alive > deepest {
			deepest, main, stays = f.alive, p.country, false
		}
		if f.alive == deepest && p.country == current {
			stays = true
		}
		if f.matches && whole == Globe {
			whole = p.country
		}
	}
	for _, a := range areas {
		switch {
		case a.code != code:
		case strings.HasPrefix(national, a.begins):
			return a.country
		case main == a.country && main != current && strings.HasPrefix(a.begins, national):
			return all.place(code, national[:len(national)-1], current, chosen)
		}
	}
	switch {
	case whole != Globe && !(chosen && stays):
		return whole
	case stays:
		return current
	}
	return main
}

// areas are the beginnings of numbers that name their country although the
// shapes say less or say it sooner: the digits decide when they are all typed.
// The table is short, and oracle_test.go shows that no other is missing.
var areas = []struct {
	code    int
	begins  string
	country Country
}{
	// Manx mobiles. libphonenumber's pattern for GB takes 7924 too, though it gives
	// this very range as the example of a mobile number of IM; 76 is IM alone once
	// pagers are left out, but 7624 is the code people know.
	{44, "7924", "IM"},
	{44, "7624", "IM"},
	// Fixed lines of Laayoune; libphonenumber has them in the patterns of both
	// countries, but gives EH no others.
	{212, "5288", "EH"},
	{212, "5289", "EH"},
	// Mayotte. Already 63 is nobody else's, but 639 is the code people know.
	{262, "639", "YT"},
}
