package phone

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestShapeKnowsTheBeginningsOfNumbers(t *testing.T) {
	s := shapeOf(`6[1-58]\d{2}`, "NA", "", `12|12345`)
	for _, test := range []struct {
		digits string
		want   fit
	}{
		{"", fit{}},
		{"7", fit{}},
		{"6", fit{alive: 1}},
		{"66", fit{alive: 1}},
		{"658", fit{alive: 3}},
		{"6589", fit{alive: 4, inside: true, matches: true}},
		{"65890", fit{alive: 4, inside: true}},
		{"12", fit{alive: 2, inside: true, matches: true}},
		{"1234", fit{alive: 4, inside: true}},
		{"12345", fit{alive: 5, inside: true, matches: true}},
		{"129", fit{alive: 2, inside: true}},
	} {
		if got := s.walk(test.digits); got != test.want {
			t.Errorf("%q: got %+v, want %+v", test.digits, got, test.want)
		}
	}
	if got := shapeOf("NA", "").walk("1"); got != (fit{}) {
		t.Errorf("no pattern fits %+v", got)
	}
}

// For every country: a walk says of whole numbers what regexp says, and of
// their beginnings that they can become whole.
func TestShapeAgreesWithRegexp(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 6))
	tables, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	whole := 0
	for _, table := range tables.GetMetadata() {
		mobile := table.GetMobile()
		s := shapeOf(mobile.GetNationalNumberPattern())
		if s == nil {
			continue
		}
		re := regexp.MustCompile("^(?:" + mobile.GetNationalNumberPattern() + ")$")
		digits := []byte(mobile.GetExampleNumber())
		for range 200 {
			f := s.walk(string(digits))
			if matches := re.Match(digits); f.matches != matches {
				t.Fatalf("%s %s: got %+v, regexp says %v", table.GetId(), digits, f, matches)
			}
			if f.matches {
				whole++
				for i := range digits {
					if s.walk(string(digits[:i])).alive != i {
						t.Fatalf("%s %s: the beginning of %d digits is refused", table.GetId(), digits, i)
					}
				}
			}
			digits = []byte(mobile.GetExampleNumber())
			for range random.IntN(4) {
				digits[random.IntN(len(digits))] = strconv.Itoa(random.IntN(10))[0]
			}
		}
	}
	if whole < 10_000 {
		t.Errorf("only %d whole numbers", whole)
	}
}
