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
	headerAssertion = "X-Nightlatch-Assertion"
)

// HeaderNames returns the names of all of them.
func HeaderNames() []string {
	return []string{headerUser, headerName, headerEmail, headerGroups, headerID, headerOffice, headerRole, headerFactor,
		headerFactorAge, headerAssertion}
}

// Headers are the headers of one answer.
type Headers struct {
	fixed    *[9]field
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
		fixed = fieldsOf(Identity{}, "")
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

// fieldsOf makes the headers of somebody, with the signed assertion of the same, but for the age of the factor.
func fieldsOf(who Identity, assertion string) *[9]field {
	user, groups := "", ""
	if who.Username != "" {
		user, groups = who.OfficeCode+"/"+who.Username, who.OfficeCode+","+string(who.Role)
	}
	fields := [9]field{
		{headerUser, []string{user}}, {headerName, []string{who.Name}}, {headerEmail, []string{who.Email}},
		{headerGroups, []string{groups}}, {headerID, []string{who.Subject}}, {headerOffice, []string{who.OfficeCode}},
		{headerRole, []string{string(who.Role)}}, {headerFactor, []string{who.Factor}},
		{headerAssertion, []string{assertion}},
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

// claims are what an assertion says beside the subject.
type claims struct {
	Username   string `json:"preferred_username"`
	Name       string `json:"name"`
	Email      string `json:"email,omitempty"`
	Office     string `json:"office"`
	Role       string `json:"role"`
	Factor     string `json:"factor,omitempty"`
	FactorTime int64  `json:"nl_factor_time,omitempty"` // seconds since 1970
}

func claimsOf(who Identity, factorAt time.Time) claims {
	c := claims{
		Username: who.OfficeCode + "/" + who.Username, Name: who.Name, Email: who.Email, Office: who.OfficeCode,
		Role: string(who.Role), Factor: who.Factor,
	}
	if !factorAt.IsZero() {
		c.FactorTime = factorAt.Unix()
	}
	return c
}
