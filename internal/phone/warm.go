package phone

import (
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// Warm reads every country's tables and compiles their patterns, in some 100 ms of
// one core: without it the first number of a country takes up to 3.5 ms. Call it
// when the program starts. Later calls do nothing.
var Warm = sync.OnceFunc(func() {
	for _, c := range plans().countries {
		// A reading within the country and one from abroad: each has patterns of its own.
		if mobile := phonenumbers.GetExampleNumberForType(string(c), phonenumbers.MOBILE); mobile != nil {
			_, _ = parse(phonenumbers.Format(mobile, phonenumbers.NATIONAL), c)
			_, _ = parse(phonenumbers.Format(mobile, phonenumbers.E164), Globe)
		}
		// Every kind has a pattern and is written in a way of its own. Parsing each as
		// well would take three times as long and compile nothing more.
		for kind := phonenumbers.FIXED_LINE; kind <= phonenumbers.VOICEMAIL; kind++ {
			if example := phonenumbers.GetExampleNumberForType(string(c), kind); example != nil {
				phonenumbers.GetNumberType(example)
				phonenumbers.Format(example, phonenumbers.INTERNATIONAL)
			}
		}
	}
})
