package factory

import (
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// OfficeOpts are what an office may have of its own.
type OfficeOpts struct {
	Code              string // ACME
	Name              string // the code
	TwoFactorRequired bool
	MoneyCap          string // none
}

// Office inserts an office whose codes may go to the six countries that a new one has.
func Office(t testing.TB, db DB, o OfficeOpts) dbsqlc.Office {
	t.Helper()
	o.Code = or(o.Code, "ACME")
	office := insert[dbsqlc.Office](t, db, `insert into offices (code, name, two_factor_required, money_cap)
		values (@code, @name, @required, @cap::text::numeric)`, pgx.NamedArgs{
		"code": o.Code, "name": or(o.Name, o.Code), "required": o.TwoFactorRequired, "cap": null(o.MoneyCap),
	})
	for _, country := range []string{"BE", "DE", "FR", "GB", "LU", "NL"} {
		insert[dbsqlc.OfficeCountry](t, db, `insert into office_countries (office_id, country) values (@office, @country)`,
			pgx.NamedArgs{"office": office.ID, "country": country})
	}
	return office
}

// CheapHash returns the cost of a hash that takes no time, for tests in which passwords are not what is tested.
func CheapHash() argon2id.Params {
	return argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// NoPassword is the hash of a user who has not set a password yet.
const NoPassword = "none"

// UserOpts are what a user may have of their own.
type UserOpts struct {
	Username     string // user1, user2 …: the number of users there are
	Name         string // the username
	Email        string // none
	Role         string // user
	PasswordHash string // one that no password has; NoPassword for none
	Language     string // none
	Disabled     bool
}

// User inserts a user of an office, to whom whatever a test makes older than this moment counts.
func User(t testing.TB, db DB, officeID int64, o UserOpts) dbsqlc.User {
	t.Helper()
	hash := or(o.PasswordHash, "x")
	if hash == NoPassword {
		hash = ""
	}
	return insert[dbsqlc.User](t, db, `
		insert into users (office_id, username, name, email, role, password_hash, language, disabled_at,
			budgets_since, grace_until)
		select @office, username, coalesce(@name, username), @email, @role, @hash, @language,
			case when @disabled then now() end, now() - interval '1 year',
			case when @hash <> '' then now() - interval '1 year' end
		from (select coalesce(@username, 'user' || count(*) + 1) as username from users) as named`, pgx.NamedArgs{
		"office": null(officeID), "username": null(o.Username), "name": null(o.Name), "email": o.Email,
		"role": or(o.Role, "user"), "hash": hash, "language": o.Language, "disabled": o.Disabled,
	})
}

// Operator inserts an operator, who belongs to no office.
func Operator(t testing.TB, db DB, username string) dbsqlc.User {
	t.Helper()
	return User(t, db, 0, UserOpts{Username: username, Role: "operator"})
}

// NumberOpts are what a mobile number may have of its own.
type NumberOpts struct {
	Number       string // +31612345678
	Country      string // NL
	Unconfirmed  bool
	RegisteredBy int64 // nobody else
}

// Number inserts the user's mobile number.
func Number(t testing.TB, db DB, userID int64, o NumberOpts) dbsqlc.MobileNumber {
	t.Helper()
	return insert[dbsqlc.MobileNumber](t, db, `
		insert into mobile_numbers (user_id, number, country, confirmed_at, registered_by)
		values (@user, @number, @country, case when @confirmed then now() end, @by)`, pgx.NamedArgs{
		"user": userID, "number": or(o.Number, "+31612345678"), "country": or(o.Country, "NL"),
		"confirmed": !o.Unconfirmed, "by": null(o.RegisteredBy),
	})
}

// Authenticator inserts the user's authenticator app; secret is sealed, nil for one that nothing opens.
func Authenticator(t testing.TB, db DB, userID int64, secret []byte) dbsqlc.Authenticator {
	t.Helper()
	if secret == nil {
		secret = []byte("x")
	}
	return insert[dbsqlc.Authenticator](t, db, `insert into authenticators (user_id, secret_ct, last_step)
		values (@user, @secret, 0)`, pgx.NamedArgs{"user": userID, "secret": secret})
}

// RecoveryCode inserts one recovery code of the user, unused, by its MAC.
func RecoveryCode(t testing.TB, db DB, userID int64, mac string) dbsqlc.RecoveryCode {
	t.Helper()
	return insert[dbsqlc.RecoveryCode](t, db, `insert into recovery_codes (user_id, code_mac)
		values (@user, @mac)`, pgx.NamedArgs{"user": userID, "mac": []byte(mac)})
}

// KnownBrowser notes a browser, by the hash of its cookie, as one that the user logged in with.
func KnownBrowser(t testing.TB, db DB, userID int64, hash string) dbsqlc.KnownBrowser {
	t.Helper()
	return insert[dbsqlc.KnownBrowser](t, db, `insert into known_browsers (user_id, browser_hash)
		values (@user, @hash)`, pgx.NamedArgs{"user": userID, "hash": []byte(hash)})
}
