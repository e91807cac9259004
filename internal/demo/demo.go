// Package demo makes the office with which somebody tries the product out: a user in each role and in each state of a
// second factor. Nothing is ever really sent to its numbers and addresses. Start at Make.
package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/office"
)

// OfficeCode is the code of the demo office.
const OfficeCode = "DEMO"

// user is a user of the demo office; number is in E.164, or "".
type user struct {
	username, name, number string
	role                   account.Role
	confirmed              bool
}

func (u user) email() string { return u.username + "@demo.example" }

func allUsers() []user {
	return []user{
		{username: "superuser", name: "Sofie Peeters", role: account.RoleSuperuser},
		{username: "accountant", name: "Anneke de Vries", role: account.RoleAccountant},
		{username: "user-new", name: "Pieter Jansen", role: account.RoleUser},
		{username: "user-unconfirmed", name: "Mila Bakker", role: account.RoleUser, number: "+31612345678"},
		{username: "user-confirmed", name: "Daan Visser", role: account.RoleUser, number: "+31687654321", confirmed: true},
	}
}

// Usernames returns the usernames of the demo office.
func Usernames() []string {
	var names []string
	for _, u := range allUsers() {
		names = append(names, u.username)
	}
	return names
}

// Make makes the demo office and its users, all with the same password. What is there already, and what somebody
// changed since, stays; only a fresh password is given to users who are there too.
func Make(
	ctx context.Context, pool *db.Pool, offices *office.Service, accounts *account.Service, password string, fresh bool,
) error {
	q := dbsqlc.New()
	if _, err := q.OfficeByCode(ctx, pool, OfficeCode); err != nil {
		if err := offices.Create(ctx, OfficeCode, "Demo Accountants", audit.CommandLine); err != nil {
			return err
		}
	}
	for _, u := range allUsers() {
		_, id, err := accounts.Find(ctx, OfficeCode, u.username)
		if errors.Is(err, account.ErrUnknown) {
			if err := create(ctx, q, pool, accounts, u, password); err != nil {
				return err
			}
			continue
		}
		if err == nil && fresh {
			err = accounts.SetPassword(ctx, id, password)
		}
		if err != nil {
			return err
		}
		// A demo office from before there was mail has no addresses.
		if err := q.UserEmailFill(ctx, pool, dbsqlc.UserEmailFillParams{ID: id, Email: u.email()}); err != nil {
			return fmt.Errorf("give %s an address: %w", u.username, err)
		}
	}
	return nil
}

func create(
	ctx context.Context, q *dbsqlc.Queries, pool *db.Pool, accounts *account.Service, u user, password string,
) error {
	id, err := accounts.Create(ctx, account.NewUser{
		OfficeCode: OfficeCode, Username: u.username, Name: u.name, Email: u.email(), Role: u.role, Password: password,
	}, audit.CommandLine)
	if err != nil {
		return err
	}
	switch {
	case u.confirmed:
		err = q.MobileNumberConfirm(ctx, pool, dbsqlc.MobileNumberConfirmParams{UserID: id, Number: u.number, Country: "NL"})
	case u.number != "":
		_, err = q.MobileNumberRegister(ctx, pool,
			dbsqlc.MobileNumberRegisterParams{UserID: id, Number: u.number, Country: "NL"})
	}
	if err != nil {
		return fmt.Errorf("give %s a number: %w", u.username, err)
	}
	return nil
}
