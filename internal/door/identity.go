package door

import (
	"strconv"
	"strings"
	"time"

	"github.com/nightlatch/nightlatch/internal/account"
)

// Identity is who is let in, as an application is told.
type Identity struct {
	Subject              string // random, the same for ever
	OfficeCode, Username string
	Name, Email          string
	Role                 account.Role
	Factor               string // how the second factor was proven; "" when none was
}

// The headers that tell an application who is there, in the form of net/http. Every answer to a proxy has all of them,
// so that none that a visitor sent reaches the application.
const (
	headerUser      = "Remote-User"
	headerName      = "Remote-Name"
	headerEmail     = "Remote-Email"
	headerGroups    = "Remote-Groups"
	headerID        = "X-Nightlatch-Id"
	headerOffice    = "X-Nightlatch-Office"
	headerRole      = "X-Nightlatch-Role"
	headerFactor    = "X-Nightlatch-Factor"
	headerFactorAge = "X-Nightlatch-Factor-Age"
)

// HeaderNames returns the names of all of them.
func HeaderNames() []string {
	return []string{headerUser, headerName, headerEmail, headerGroups, headerID, headerOffice, headerRole, headerFactor,
		headerFactorAge}
}

// Headers are the headers of one answer.
type Headers struct {
	fixed    *[8]field
	factorAt time.Time // by the database; zero without a second factor
	at       time.Time
}

type field struct {
	name  string
	value []string
}

// Set sets all headers. Those of a zero Headers are empty.
func (h Headers) Set(header map[string][]string) {
	fixed := h.fixed
	if fixed == nil {
		fixed = fieldsOf(Identity{})
	}
	for _, f := range fixed {
		header[f.name] = f.value
	}
	age := ""
	if !h.factorAt.IsZero() {
		age = strconv.FormatInt(max(0, int64(h.at.Sub(h.factorAt)/time.Second)), 10)
	}
	header[headerFactorAge] = []string{age}
}

// fieldsOf makes the headers of somebody, but for the age of the factor.
func fieldsOf(who Identity) *[8]field {
	user, groups := "", ""
	if who.Username != "" {
		user, groups = who.OfficeCode+"/"+who.Username, who.OfficeCode+","+string(who.Role)
	}
	fields := [8]field{
		{headerUser, []string{user}}, {headerName, []string{who.Name}}, {headerEmail, []string{who.Email}},
		{headerGroups, []string{groups}}, {headerID, []string{who.Subject}}, {headerOffice, []string{who.OfficeCode}},
		{headerRole, []string{string(who.Role)}}, {headerFactor, []string{who.Factor}},
	}
	for i := range fields {
		fields[i].value[0] = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return ' '
			}
			return r
		}, fields[i].value[0])
	}
	return &fields
}
