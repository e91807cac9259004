package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/application"
	"github.com/nightlatch/nightlatch/templates"
)

// Roles returns the roles that a form's field of roles has chosen, in their order.
func Roles(c echo.Context) (chosen []account.Role) {
	for _, role := range application.Roles() {
		if slices.Contains(c.Request().PostForm["role"], string(role)) {
			chosen = append(chosen, role)
		}
	}
	return chosen
}

// RoleBoxes returns the boxes of the roles among which can be chosen, in their order.
func RoleBoxes(among, chosen []account.Role) (boxes []templates.RoleBox) {
	for _, role := range application.Roles() {
		if slices.Contains(among, role) {
			boxes = append(boxes, templates.RoleBox{Role: string(role), Chosen: slices.Contains(chosen, role)})
		}
	}
	return boxes
}
