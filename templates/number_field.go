package templates

// NumberField is the mobile number field, wherever a number is asked for.
type NumberField struct {
	Country  CountryChoice
	Number   string // as typed
	Error    string // a sentence, or ""
	Sure     bool   // the user is asked whether they are sure
	Focus    bool   // the page is about this field
	MostUsed []Country
	Others   []Country
}

// CountryChoice is the button with the flag, and what stands under the field: the fragment that follows typing.
type CountryChoice struct {
	Lang   string // of the page: the fragment knows no session
	ISO    string // "" is the globe
	Name   string
	Code   string // "+31", or "" for the globe
	Last   string // while the globe shows: the country before it
	Chosen bool   // picked in the list
}

// Country is an entry of the list.
type Country struct {
	ISO, Name, Code string
	Also            string // other names that people look for, "" for none
}

// CountryFlag is the fragment that follows typing.
var CountryFlag = NewFragment[CountryChoice](files, "number_field.html", "country")
