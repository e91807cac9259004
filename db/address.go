package db

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// These stand for an address that cannot be read for certain. They quote nothing: which part is the password is what is
// in doubt.
var (
	errAddress = errors.New("read DATABASE_URL: its form is postgres://user:password@host:port/database; within a user " +
		"or a password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25")
	errWords = errors.New(`read DATABASE_URL: its form is host=… user=… password='…'; within the quotes write ' as \' ` +
		`and \ as \\`)
)

// parseAddress reads DATABASE_URL. Where a mark in a password was not escaped, pgx takes a piece of the password for
// the host, the database or an option, and shows it in errors: such an address is refused before.
func parseAddress(address string) (*pgxpool.Config, error) {
	scheme, rest, isURL := strings.Cut(address, "://")
	if isURL && (scheme == "postgres" || scheme == "postgresql") {
		if !unambiguous(rest) {
			return nil, errAddress
		}
	}
	cfg, err := pgxpool.ParseConfig(address)
	switch named, _, _ := strings.Cut(rest, "@"); {
	case err != nil && isURL && strings.Contains(named, ":"):
		return nil, errAddress
	case err != nil && !isURL && strings.Contains(address, "password"):
		return nil, errWords
	case err != nil:
		return nil, fmt.Errorf("read DATABASE_URL: %w", err)
	}
	cfg.ConnConfig.RuntimeParams["client_encoding"] = "UTF8"
	return cfg, nil
}

// unambiguous reports whether an address has one user and password at most, where they belong: no second @, and none
// behind the host.
func unambiguous(rest string) bool {
	before, options, _ := strings.Cut(rest, "?")
	authority, _, _ := strings.Cut(before, "/")
	return strings.Count(before, "@") == strings.Count(authority, "@") && strings.Count(authority, "@") <= 1 &&
		!strings.Contains(before, "#") && (strings.Contains(authority, "@") || !strings.Contains(options, "@"))
}
