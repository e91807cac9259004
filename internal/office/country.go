package office

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/phone"
	"github.com/nightlatch/nightlatch/internal/session"
)

// ErrCountryInUse says that users of the office have confirmed numbers in a country.
var ErrCountryInUse = fault.New(fault.Conflict, "users have confirmed numbers in this country")

// Country is one that the office's codes may go to.
type Country struct {
	ISO   phone.Country
	Users int // with a confirmed number there
}

// openUsual writes down where the codes of a new office may go: the usual six. No other office can move them, however
// many numbers it has.
func (s *Service) openUsual(ctx context.Context, tx pgx.Tx, officeID int64) error {
	var usual []string
	for _, c := range phone.MostUsed(nil) {
		usual = append(usual, string(c))
	}
	_, err := s.q.OfficeCountryOpen(ctx, tx, dbsqlc.OfficeCountryOpenParams{OfficeID: officeID, Countries: usual})
	if err != nil {
		return fmt.Errorf("open the usual countries to office %d: %w", officeID, err)
	}
	return nil
}

// Countries returns where the office's codes may go, by ISO code: what was written when it was made, and what its
// superuser has changed since.
func (s *Service) Countries(ctx context.Context, officeID int64) ([]Country, error) {
	allowed, err := s.q.OfficeCountryList(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("read the countries of office %d: %w", officeID, err)
	}
	users, err := s.q.OfficeCountryUsers(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("count the numbers of office %d: %w", officeID, err)
	}
	countries := make([]Country, len(allowed))
	for i, c := range allowed {
		countries[i].ISO = phone.Country(c)
		for _, u := range users {
			if u.Country == c {
				countries[i].Users = int(u.Users)
			}
		}
	}
	return countries, nil
}

// AllowCountry says whether the office's codes may go to a country. It returns ErrNotAllowed, fault.StepUpRequired,
// ErrUnknown for what is no country, and ErrCountryInUse when somebody would be locked out.
func (s *Service) AllowCountry(ctx context.Context, sess session.Session, client session.Client, country phone.Country,
	allowed bool) error {
	if !slices.Contains(phone.Countries(), country) {
		return ErrUnknown
	}
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		if !allowed {
			users, err := s.q.OfficeCountryUsers(ctx, tx, sess.User.OfficeID)
			if err != nil {
				return fmt.Errorf("count the numbers of office %d: %w", sess.User.OfficeID, err)
			}
			if slices.ContainsFunc(users, func(u dbsqlc.OfficeCountryUsersRow) bool { return u.Country == string(country) }) {
				return ErrCountryInUse
			}
		}
		changed, err := s.setCountry(ctx, tx, sess.User.OfficeID, string(country), allowed)
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

func (s *Service) setCountry(
	ctx context.Context, tx pgx.Tx, officeID int64, country string, allowed bool,
) (int64, error) {
	if allowed {
		return s.q.OfficeCountryOpen(ctx, tx, dbsqlc.OfficeCountryOpenParams{
			OfficeID: officeID, Countries: []string{country},
		})
	}
	return s.q.OfficeCountryClose(ctx, tx, dbsqlc.OfficeCountryCloseParams{OfficeID: officeID, Country: country})
}
