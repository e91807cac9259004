package templates

import "time"

// UsersView is a page of the list of an office's users.
type UsersView struct {
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
	Question     *Question
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

// ResetRequest is somebody's wish that a user's second factor be reset.
type ResetRequest struct {
	ID   int64
	Name string
	By   string
	At   time.Time
}

// Users is the page, UsersList what a search swaps.
var (
	Users     = newPage[UsersView]("app.html", "users.html")
	UsersList = newFragment[UsersView]("users.html", "users-list")
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
	Field       NumberField
	Error       string

	Manages    bool // a superuser looks
	Own        bool // at themselves
	Disabled   bool
	NoPassword bool
	CanMail    bool
	Sessions   int
	AskedBy    string // who asked for a reset, or ""
	AskedAt    time.Time
	Question   *Question
}

// User is the page.
var User = newPage[UserView]("app.html", "user.html")
