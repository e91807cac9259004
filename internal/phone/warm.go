package phone

import "github.com/nyaruka/phonenumbers"

// Warm reads every country's tables, in some 200 ms of one core: without it the
// first number of a country takes up to 3.5 ms. Call it when the program starts.
func Warm() {
	for _, c := range plans().countries {
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			example := phonenumbers.GetExampleNumberForType(string(c), kind)
			if example == nil {
				continue
			}
			// Both ways of writing it: each has patterns of its own.
			e164 := phonenumbers.Format(example, phonenumbers.E164)
			n, _ := parse(e164, Globe)
			n.International()
			_, _ = parse(phonenumbers.Format(example, phonenumbers.NATIONAL), c)
			Live(e164, Globe, false)
		}
	}
}
