package phone

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// A plan is what libphonenumber knows of one country's numbers, as shapes.
type plan struct {
	country Country

	// place is fixed line and mobile together: the numbers that belong somewhere,
	// and so tell countries with one calling code apart. Toll-free and premium
	// numbers do not: +1 800 is in all twenty-five countries of +1. It is nil for
	// a country with a calling code of its own.
	place  *shape
	mobile *shape

	// mobileLengths are the national digits a mobile number can have.
	mobileLengths []int

	// dear are the ranges that cost somebody more than a text message does.
	dear []kind

	// trunk is true when a 0 before a national number is for calls inside the
	// country and never part of the number: "+44 07700 …" means +447700 ….
	trunk bool

	// doubleZero is true when the prefix for calls inside the country begins with
	// 00, so that 00 cannot be read as +.
	doubleZero bool

	// dialOut matches the prefix for calls to another country: 00, 011, 810.
	dialOut *regexp.Regexp
}

// kind is a range of numbers and the reason to refuse it.
type kind struct {
	reason Reason
	shape  *shape
}

// planned is every plan there is, found by country and by calling code.
type planned struct {
	countries []Country
	code      map[Country]int
	of        map[Country]*plan

	// sharing has the plans of a calling code, the main country's first, as
	// libphonenumber orders them. Codes of no country (+800, +881) are absent.
	sharing map[int][]*plan
}

// plans reads libphonenumber's tables once, in some 40 ms. Warm calls it when
// the program starts.
var plans = sync.OnceValue(func() *planned {
	all := &planned{
		code:    map[Country]int{},
		of:      map[Country]*plan{},
		sharing: map[int][]*plan{},
	}
	tables, err := phonenumbers.MetadataCollection()
	if err != nil {
		panic(err) // embedded in the program: the library has read it already
	}
	for _, table := range tables.GetMetadata() {
		country := Country(table.GetId())
		mobile := table.GetMobile().GetNationalNumberPattern()
		// 001 are codes of no country. Without a mobile number no flag shows: it
		// would not be in the list (TA, which shares +290 with SH).
		if country == "001" || mobile == "" || mobile == "NA" {
			continue
		}
		all.countries = append(all.countries, country)
		all.code[country] = int(table.GetCountryCode())
		all.of[country] = planOf(country, table)
	}
	slices.Sort(all.countries)
	for _, code := range all.code {
		if all.sharing[code] != nil {
			continue
		}
		for _, region := range phonenumbers.GetRegionCodesForCountryCode(code) {
			if p := all.of[Country(region)]; p != nil {
				all.sharing[code] = append(all.sharing[code], p)
			}
		}
	}
	return all
})

func planOf(country Country, table *phonenumbers.PhoneMetadata) *plan {
	mobile := table.GetMobile().GetNationalNumberPattern()
	lengths := table.GetMobile().GetPossibleLength()
	if len(lengths) == 0 { // the library leaves out what equals the general case
		lengths = table.GetGeneralDesc().GetPossibleLength()
	}
	p := &plan{
		country:    country,
		mobile:     shapeOf(mobile),
		trunk:      table.GetNationalPrefix() == "0",
		doubleZero: strings.HasPrefix(table.GetNationalPrefix(), "00"),
		dialOut:    regexp.MustCompile("^(?:" + table.GetInternationalPrefix() + ")"),
	}
	if len(phonenumbers.GetRegionCodesForCountryCode(int(table.GetCountryCode()))) > 1 {
		p.place = shapeOf(mobile, table.GetFixedLine().GetNationalNumberPattern())
	}
	for _, n := range lengths {
		p.mobileLengths = append(p.mobileLengths, int(n))
	}
	for _, k := range []struct {
		reason Reason
		desc   *phonenumbers.PhoneNumberDesc
	}{
		{Premium, table.GetPremiumRate()},
		{SharedCost, table.GetSharedCost()},
		{Personal, table.GetPersonalNumber()},
		{TollFree, table.GetTollFree()},
	} {
		if s := shapeOf(k.desc.GetNationalNumberPattern()); s != nil {
			p.dear = append(p.dear, kind{k.reason, s})
		}
	}
	return p
}

// maxCallingCode is how many digits a calling code has at most (ITU-T E.164).
const maxCallingCode = 3

// split takes the calling code off the digits of an international number. No
// code is the beginning of another, so the first that exists is the one. The
// code is 0 when the digits begin with none, or with one of no country.
func (all *planned) split(digits string) (code int, national string) {
	if strings.HasPrefix(digits, "0") {
		return 0, "" // "+031" is not +31
	}
	for i := 1; i <= min(maxCallingCode, len(digits)); i++ {
		code = code*10 + int(digits[i-1]-'0')
		if all.sharing[code] != nil {
			return code, digits[i:]
		}
	}
	return 0, ""
}

// begins reports whether digits are the beginning of c's calling code, so that
// what is typed may still become c.
func (all *planned) begins(digits string, c Country) bool {
	code := strconv.Itoa(all.code[c])
	return c != Globe && len(digits) < len(code) && code[:len(digits)] == digits
}

// dialsOutByOne reports whether the library would take the first digit alone for
// the prefix of a call to another country.
func (p *plan) dialsOutByOne(digits string) bool {
	at := p.dialOut.FindStringIndex(digits)
	return at != nil && at[0] == 0 && at[1] == 1
}

// doubleZero reports whether numbers within c begin with 00.
func (all *planned) doubleZero(c Country) bool {
	p := all.of[c]
	return p != nil && p.doubleZero
}
