package phone

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// recording is what the real widget showed after each keystroke. How it was made
// and how to make it again: testdata/record.mjs.
const recording = "testdata/intl_tel_input_29.tsv"

// moreRight are the recorded numbers for which libphonenumber knows better, and
// how many keystrokes differ. All are fixed lines, which Parse refuses: for
// mobile numbers there is no exception.
var moreRight = map[string]struct {
	numbers, keystrokes int
	reason              string
}{
	"+590 fixed": {8, 144, "libphonenumber knows which island a fixed line is on; the widget has no area codes for +590"},
	"+7 fixed":   {1, 1, "at +73 no fixed line or mobile can become KZ; the widget keeps 33, which KZ has for neither"},
}

func TestLiveShowsWhatIntlTelInputShowsAtEveryKeystroke(t *testing.T) {
	type count struct{ numbers, keystrokes int }
	keystrokes, differing := 0, map[string]count{}
	for _, r := range recorded(t) {
		wrong := 0
		last := r.first
		for i, text := range r.texts {
			keystrokes++
			got := Live(text, last, r.start == "chosen")
			if got != r.shown[i] {
				wrong++
				if _, known := moreRight[r.group()]; !known {
					t.Errorf("%s, keystroke %d %q: got %q, the widget shows %q", r, i+1, text, got, r.shown[i])
				}
			}
			if got != Globe {
				last = got
			}
		}
		if wrong > 0 {
			c := differing[r.group()]
			differing[r.group()] = count{c.numbers + 1, c.keystrokes + wrong}
		}
	}
	for group, want := range moreRight {
		if got := differing[group]; got != (count{want.numbers, want.keystrokes}) {
			t.Errorf("%s differs in %+v, the list says %+v", group, got, want)
		}
	}
	t.Logf("%d keystrokes compared, differing: %v", keystrokes, differing)
	if keystrokes < 50_000 {
		t.Errorf("only %d keystrokes are recorded", keystrokes)
	}
}

func TestLiveReadsDoubleZeroAsPlusAtEveryKeystroke(t *testing.T) {
	for _, r := range recorded(t) {
		last := r.first
		for _, text := range r.texts {
			if !strings.HasPrefix(text, "+") {
				continue
			}
			plus := Live(text, last, false)
			zeros := "00" + text[1:]
			if got := Live(zeros, last, false); got != plus {
				t.Fatalf("%s: %q shows %q, %q shows %q", r, text, plus, zeros, got)
			}
			if plus != Globe {
				last = plus
			}
		}
	}
}

var examples = flag.String("examples", "", "write the numbers that record.mjs types to this file")

func TestOracleCoversEveryMobileExample(t *testing.T) {
	var lines strings.Builder
	in := map[string]bool{}
	for _, r := range recorded(t) {
		in[r.start+r.number] = true
	}
	for _, c := range Countries() {
		for _, kind := range []struct {
			name string
			kind phonenumbers.PhoneNumberType
		}{{"mobile", phonenumbers.MOBILE}, {"fixed", phonenumbers.FIXED_LINE}} {
			example := phonenumbers.GetExampleNumberForType(string(c), kind.kind)
			if example == nil {
				continue
			}
			e164 := phonenumbers.Format(example, phonenumbers.E164)
			fmt.Fprintf(&lines, "%s\t%s\t%s\n", c, kind.name, e164)
			if !in["shown"+e164] || !in["globe"+e164] {
				t.Errorf("%s of %s is not recorded: record again", kind.name, c)
			}
		}
	}
	if *examples != "" {
		if err := os.WriteFile(*examples, []byte(lines.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Examples with their last digits made up, where the recording has only one for
// each country.
func TestWholeNumberBelongsWhereLibphonenumberSays(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 6))
	for _, c := range Countries() {
		if len(plans().sharing[c.CallingCode()]) == 1 {
			continue
		}
		compared := 0
		for range 400 {
			kind := phonenumbers.MOBILE
			if random.IntN(3) == 0 {
				kind = phonenumbers.FIXED_LINE
			}
			example := phonenumbers.GetExampleNumberForType(string(c), kind)
			digits := []byte(phonenumbers.GetNationalSignificantNumber(example))
			for i := len(digits) - 1 - random.IntN(len(digits)); i < len(digits); i++ {
				digits[i] = byte('0' + random.IntN(10))
			}
			e164 := fmt.Sprintf("+%d%s", c.CallingCode(), digits)
			want, ok := libphonenumberPlaces(t, e164, string(digits))
			if !ok {
				continue
			}
			compared++
			if got := Live(e164, Globe, false); got != want {
				t.Errorf("%s: got %s, libphonenumber says %s", e164, got, want)
			}
		}
		if compared < 50 {
			t.Errorf("%s: only %d numbers compared", c, compared)
		}
	}
}

// libphonenumberPlaces is the region libphonenumber gives a valid number, or
// that of areas, where it is known to say less.
func libphonenumberPlaces(t *testing.T, e164, national string) (Country, bool) {
	t.Helper()
	read, err := phonenumbers.Parse(e164, "")
	if err != nil || phonenumbers.GetNationalSignificantNumber(read) != national {
		return Globe, false
	}
	switch phonenumbers.GetNumberType(read) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE:
	default:
		return Globe, false
	}
	for _, a := range areas {
		if a.code == int(read.GetCountryCode()) && strings.HasPrefix(national, a.begins) {
			return a.country, true
		}
	}
	region := Country(phonenumbers.GetRegionCodeForNumber(read))
	return region, region.known() != Globe // not TA
}

// record is a line of the recording.
type record struct {
	start         string // shown, globe or chosen
	first         Country
	country, kind string
	number        string
	texts         []string
	shown         []Country
}

func (r record) String() string {
	return fmt.Sprintf("%s %s, %s number of %s", r.start, r.first, r.kind, r.country)
}

// group is the calling code and the kind.
func (r record) group() string {
	code, _ := plans().split(strings.TrimPrefix(r.number, "+"))
	return fmt.Sprintf("+%d %s", code, r.kind)
}

func recorded(t *testing.T) []record {
	t.Helper()
	data, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	var all []record
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSpace(line), "\t")
		r := record{start: f[0], first: shown(f[1]), country: f[2], kind: f[3], number: f[4]}
		typed, deleted, _ := strings.Cut(f[5], " < ")
		for i, c := range strings.Fields(typed) {
			r.texts = append(r.texts, r.number[:i+1])
			r.shown = append(r.shown, shown(c))
		}
		for i, c := range strings.Fields(deleted) {
			r.texts = append(r.texts, r.number[:len(r.number)-1-i])
			r.shown = append(r.shown, shown(c))
		}
		all = append(all, r)
	}
	return all
}

func shown(c string) Country {
	if c == "-" {
		return Globe
	}
	return Country(c)
}
