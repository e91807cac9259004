package account

// Role is what a user may do in their office. Nobody may give a role above their own.
type Role string

// The roles, each including the one before.
const (
	RoleUser       Role = "user"
	RoleAccountant Role = "accountant"
	RoleSuperuser  Role = "superuser"
)

// RoleOperator runs the installation and belongs to no office. It ranks nowhere in an office: it is not
// Valid there, so that no form and no command can give it, and it is at least nothing. See CreateOperator.
const RoleOperator Role = "operator"

func (r Role) rank() int {
	switch r {
	case RoleUser:
		return 1
	case RoleAccountant:
		return 2
	case RoleSuperuser:
		return 3
	}
	return 0
}

// Valid reports whether r is one of an office's roles.
func (r Role) Valid() bool { return r.rank() > 0 }

// AtLeast reports whether r may do all that other may. An unknown role may do nothing.
func (r Role) AtLeast(other Role) bool { return r.Valid() && r.rank() >= other.rank() }

// ManagesUsers reports whether r sees the office's users and registers their numbers.
func (r Role) ManagesUsers() bool { return r.AtLeast(RoleAccountant) }

// ManagesOffice reports whether r changes the office's settings and resets factors.
func (r Role) ManagesOffice() bool { return r.AtLeast(RoleSuperuser) }
