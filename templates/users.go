package templates

// UsersView lists an office's users.
type UsersView struct {
	Office string
	Users  []UserRow
}

// UserRow is one of them. Factor is what they prove the second step with: both, app, number, unconfirmed, none.
type UserRow struct {
	ID       int64
	Name     string
	Username string
	Role     string
	Factor   string
	Disabled bool
}

// Ready reports whether the factor is a confirmed one.
func (r UserRow) Ready() bool { return r.Factor == "both" || r.Factor == "app" || r.Factor == "number" }

// Users is the page.
var Users = newPage[UsersView]("app.html", "users.html")

// UserView is another user's settings.
type UserView struct {
	ID          int64
	Name        string
	Username    string
	Role        string
	TwoFactor   bool
	Number      string // masked
	Country     string
	NumberState string // confirmed, unconfirmed, or ""
	App         bool
	HasFactor   bool
	MayRegister bool
	Higher      bool // the user's role is above the viewer's
	MayReset    bool
	AskReset    bool // show the question before the reset
	Field       NumberField
	Error       string
}

// User is the page; UserReset its question before a reset.
var (
	User      = newPage[UserView]("app.html", "user.html")
	UserReset = newFragment[UserView]("user.html", "reset-dialog")
)
