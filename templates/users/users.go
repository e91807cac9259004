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
	Helps        []ResetRequest // who is at the second step, and does not have their phone
	Sessions     int
	SessionUsers int
	Question     *templates.Question
	Invites      bool   // some on this page can be invited again, by whoever looks
	SelectAll    string // address of the page with all of them selected
	InviteError  string
	MayRegister  bool // numbers of others
}

// Problems implements templates.Refusable.
func (v View) Problems() []templates.Problem {
	return templates.Problems("", v.InviteError)
}

// UserRow is one of them.
type UserRow struct {
	ID         int64
	Name       string
	Username   string
	Role       string
	Factors    []string // in words: what the user proves a second factor with
	Lacks      string   // what is there when that is nothing: none, or an unconfirmed number
	Disabled   bool
	NoPassword bool
	ResetAsked bool
	AsksHelp   bool // for a superuser to see: they do not have their phone
	MailFailed bool // the last mail to them did not arrive
	MayInvite  bool // again, or for the first time
	Selected   bool // to be
	Invitation templates.Invitation
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
	Factors     []templates.FactorRow
	HasNumber   bool
	HasFactor   bool
	MayRegister bool
	Higher      bool // the user's role is above the viewer's
	MayReset    bool
	MayAsk      bool // for a reset by a superuser
	Field       templates.NumberField
	Typed       string // the number that the viewer has just registered, shown whole this once
	Error       string
	Mail        Undelivered

	Manages    bool // a superuser looks
	Own        bool // at themselves
	Disabled   bool
	NoPassword bool
	Voided     bool   // by a reset: the user is to choose another with the link that was mailed
	LinkLives  bool   // that link
	Word       string // of the reset that was just made, shown once
	WordOwed   bool   // the user is to give the word of a reset
	// WordExpired: the word cannot be given any more.
	WordExpired  bool
	SingleSignOn bool // linked to an account at the office's provider
	CanMail      bool
	Invitation   templates.Invitation
	Sessions     int
	AskedBy      string // who asked for a reset, or ""
	AskedAt      time.Time
	AsksHelp     bool // at the second step of a log-in
	Question     *templates.Question
}

// Problems implements templates.Refusable.
func (v UserView) Problems() []templates.Problem {
	field := ""
	if v.MayRegister && !v.HasFactor && !v.Higher { // else no number can be typed
		field = "number"
	}
	return templates.Problems("", v.Error, field, v.Field.Error)
}

// User is the page.
var User = templates.NewPage[UserView](files, templates.App, "user.html")

// Undelivered is what keeps the last mail to a user from them. The zero value is nothing.
type Undelivered struct {
	Why     string
	Invite  bool // it brings the link to a password
	Final   bool // it is not tried again
	Address bool // the address is what is wrong
}
