package templates

// RolesField is a choice among roles, of which several may be chosen.
type RolesField struct {
	Legend string
	Boxes  []RoleBox
	Error  string
}

// RoleBox is one of the roles.
type RoleBox struct {
	Role   string
	Chosen bool
}
