package users

import (
	"time"

	"github.com/nightlatch/nightlatch/templates"
)

// View is a page of the list of an office's users.
type View struct {
	Office       string
	Users        []UserRow
	Total        int
	Search       string
	Found        int
	Page         int
	Pages        int
	Previous     string // address, or ""
	Next         string
	Manages      bool // a superuser looks
	Requests     []ResetRequest
	Sessions     int
	SessionUsers int
	Question     *templates.Question
}

// UserRow is one of them.
type UserRow struct {
	ID         int64
	Name       string
	Username   string
	Role       string
	Factor     FactorState
	Disabled   bool
	NoPassword bool
	ResetAsked bool
}

// Ready reports whether the factor is a confirmed one.
func (r UserRow) Ready() bool {
	return r.Factor == FactorBoth || r.Factor == FactorApp || r.Factor == FactorNumber
}

// FactorState is what a user has for the second factor, in the list of users.
type FactorState string

// FactorBoth is a number and an app; an unconfirmed number is no factor yet.
const (
	FactorBoth        FactorState = "both"
	FactorApp         FactorState = "app"
	FactorNumber      FactorState = "number"
	FactorUnconfirmed FactorState = "unconfirmed"
	FactorNone        FactorState = "none"
)

// ResetRequest is somebody's wish that a user's second factor be reset.
type ResetRequest struct {
	ID   int64
	Name string
	By   string
	At   time.Time
}

// Users is the page, UsersList what a search swaps.
var (
	Users     = templates.NewPage[View](files, templates.App, "users.html")
	UsersList = templates.NewFragment[View](files, "users.html", "users-list")
)

// UserView is another user's settings.
type UserView struct {
	ID          int64
	Name        string
	Username    string
	Email       string
	Role        string
	TwoFactor   bool
	Number      string // masked
	Country     string
	Confirmed   bool // the number
	App         bool
	HasFactor   bool
	MayRegister bool
	Higher      bool // the user's role is above the viewer's
	MayReset    bool
	MayAsk      bool // for a reset by a superuser
	Field       templates.NumberField
	Error       string

	Manages    bool // a superuser looks
	Own        bool // at themselves
	Disabled   bool
	NoPassword bool
	CanMail    bool
	Sessions   int
	AskedBy    string // who asked for a reset, or ""
	AskedAt    time.Time
	Question   *templates.Question
}

// User is the page.
var User = templates.NewPage[UserView](files, templates.App, "user.html")
