package office

import "time"

// ExemptSection is who is spared the second factor, and the form for one more.
type ExemptSection struct {
	All           []Exemption
	Choices       []int  // days
	Username      string // as typed
	Reason        string
	Days          int
	UsernameError string
	ReasonError   string
}

// Exemption is a line of it.
type Exemption struct {
	ID             int64
	Username, Name string
	Reason         string
	Until          time.Time
	By             string
}
