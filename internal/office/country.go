package office

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// ErrCountryInUse says that users of the office have confirmed numbers in a country: without it they get no code.
var ErrCountryInUse = fault.New(fault.Conflict, "users have confirmed numbers in this country")

// Country is one that the office's codes may go to.
type Country struct {
	ISO   phone.Country
	Users int // with a confirmed number there
}

// MostUsed returns the six most used countries of this installation, the most used first: where codes go by default.
func MostUsed(ctx context.Context, tx dbsqlc.DBTX) ([]phone.Country, error) {
	rows, err := dbsqlc.New().MobileNumberCountries(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("count the countries in use: %w", err)
	}
	counted := make([]phone.Country, len(rows))
	for i, r := range rows {
		counted[i] = phone.Country(r)
	}
	return slices.Clone(phone.MostUsed(counted)), nil
}

// Countries returns where the office's codes may go, by ISO code: the most used countries of this installation, and
// what a superuser said of others.
func (s *Service) Countries(ctx context.Context, officeID int64) ([]Country, error) {
	allowed, err := MostUsed(ctx, s.pool)
	if err != nil {
		return nil, err
	}
	said, err := s.q.OfficeCountryList(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("read the countries of office %d: %w", officeID, err)
	}
	for _, r := range said {
		country := phone.Country(r.Country)
		allowed = slices.DeleteFunc(allowed, func(c phone.Country) bool { return c == country })
		if r.Allowed {
			allowed = append(allowed, country)
		}
	}
	users, err := s.q.OfficeCountryUsers(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("count the numbers of office %d: %w", officeID, err)
	}
	slices.Sort(allowed)
	countries := make([]Country, len(allowed))
	for i, c := range allowed {
		countries[i].ISO = c
		for _, u := range users {
			if u.Country == string(c) {
				countries[i].Users = int(u.Users)
			}
		}
	}
	return countries, nil
}

// AllowCountry says whether the office's codes may go to a country. It returns ErrNotAllowed, ErrUnknown for what is
// no country, and ErrCountryInUse when somebody would be locked out.
func (s *Service) AllowCountry(ctx context.Context, sess session.Session, client session.Client, country phone.Country,
	allowed bool) error {
	if !sess.User.Role.ManagesOffice() {
		return ErrNotAllowed
	}
	if !slices.Contains(phone.Countries(), country) {
		return ErrUnknown
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if !allowed {
			users, err := s.q.OfficeCountryUsers(ctx, tx, sess.User.OfficeID)
			if err != nil {
				return fmt.Errorf("count the numbers of office %d: %w", sess.User.OfficeID, err)
			}
			if slices.ContainsFunc(users, func(u dbsqlc.OfficeCountryUsersRow) bool { return u.Country == string(country) }) {
				return ErrCountryInUse
			}
		}
		changed, err := s.q.OfficeCountrySet(ctx, tx, dbsqlc.OfficeCountrySetParams{
			OfficeID: sess.User.OfficeID, Country: string(country), Allowed: allowed,
		})
		if err != nil {
			return fmt.Errorf("set country %s of office %d: %w", country, sess.User.OfficeID, err)
		}
		if changed == 0 {
			return nil
		}
		event := sess.Event(audit.CountryChanged, client)
		event.Detail = "-" + string(country)
		if allowed {
			event.Detail = "+" + string(country)
		}
		return s.log.Write(ctx, tx, event)
	})
}
