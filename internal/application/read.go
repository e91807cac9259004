package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/session"
)

// List returns every application, by name.
func (s *Service) List(ctx context.Context) ([]Application, error) {
	return s.list(ctx, dbsqlc.ApplicationListParams{})
}

// Get returns the application with an id, or ErrUnknown.
func (s *Service) Get(ctx context.Context, id int64) (Application, error) {
	return s.one(ctx, dbsqlc.ApplicationListParams{ID: id})
}

// Named returns the application of a name, in whatever case, or ErrUnknown.
func (s *Service) Named(ctx context.Context, name string) (Application, error) {
	return s.one(ctx, dbsqlc.ApplicationListParams{Name: name})
}

func (s *Service) one(ctx context.Context, which dbsqlc.ApplicationListParams) (Application, error) {
	if which == (dbsqlc.ApplicationListParams{}) {
		return Application{}, ErrUnknown
	}
	all, err := s.list(ctx, which)
	if err == nil && len(all) == 0 {
		err = ErrUnknown
	}
	if err != nil {
		return Application{}, err
	}
	return all[0], nil
}

func (s *Service) list(ctx context.Context, which dbsqlc.ApplicationListParams) ([]Application, error) {
	rows, err := s.q.ApplicationList(ctx, s.pool, which)
	if err != nil {
		return nil, fmt.Errorf("list applications: %w", err)
	}
	all := make([]Application, len(rows))
	for i, r := range rows {
		all[i] = Application{
			ID: r.ID, Kind: Kind(r.Kind), Name: r.Name, About: r.About, URL: r.Url, HasPicture: r.HasPicture,
			Hosts: r.Hosts, AllOffices: r.AllOffices, Offices: r.Offices, Roles: RolesOf(r.Roles),
			RequireTwoFactor: r.RequireTwoFactor, MaxFactorAge: r.MaxFactorAge, Sensitive: r.Sensitive,
			Disabled: r.DisabledAt != nil, CreatedAt: r.CreatedAt,
		}
	}
	return all, nil
}

// OfOffice is an application as an office sees it, with what it demands of the office's users now.
type OfOffice struct {
	ID               int64
	Kind             Kind
	Name, About, URL string
	HasPicture       bool
	Door             Door
	OwnRoles         []account.Role // by its operator
	OwnMaxFactorAge  time.Duration
}

// OfOffice returns the applications that are there for an office, by name: those too that are disabled or off.
func (s *Service) OfOffice(ctx context.Context, officeID int64) ([]OfOffice, error) {
	return s.ofOffice(ctx, s.pool, officeID)
}

func (s *Service) ofOffice(ctx context.Context, tx dbsqlc.DBTX, officeID int64) ([]OfOffice, error) {
	rows, err := s.q.ApplicationDoors(ctx, tx, officeID)
	if err != nil {
		return nil, fmt.Errorf("list the applications of office %d: %w", officeID, err)
	}
	all := make([]OfOffice, len(rows))
	for i, r := range rows {
		all[i] = OfOffice{
			ID: r.ID, Kind: Kind(r.Kind), Name: r.Name, About: r.About, URL: r.Url, HasPicture: r.HasPicture,
			Door:     Door{r.Admitted, r.Disabled, r.Off, RolesOf(r.Roles), r.RequireTwoFactor, r.MaxFactorAge, r.Sensitive},
			OwnRoles: RolesOf(r.OwnRoles), OwnMaxFactorAge: r.OwnMaxFactorAge,
		}
	}
	return all, nil
}

// Demands returns what an application demands of the users of an office, its name and its address. ErrUnknown when
// there is no such application, or no office.
func (s *Service) Demands(ctx context.Context, id, officeID int64) (door Door, name, url string, err error) {
	r, err := s.q.ApplicationDoor(ctx, s.pool, dbsqlc.ApplicationDoorParams{ApplicationID: id, OfficeID: officeID})
	if errors.Is(err, pgx.ErrNoRows) {
		return Door{}, "", "", ErrUnknown
	}
	if err != nil {
		return Door{}, "", "", fmt.Errorf("read what application %d demands: %w", id, err)
	}
	door = Door{r.Admitted, r.Disabled, r.Off, RolesOf(r.Roles), r.RequireTwoFactor, r.MaxFactorAge, r.Sensitive}
	return door, r.Name, r.Url, nil
}

// VisitorOf returns the visitor that a session is.
func VisitorOf(s session.Session) Visitor {
	return Visitor{
		Role: s.User.Role, Unfinished: s.Pending() || s.PasswordTooShort || s.PasskeyOwed, Level: s.Proven(),
		Trusted:   s.Trusted(),
		FactorAge: s.Now.Sub(s.SecondFactorAt),
		Limited:   s.Limited, Cooling: !s.CoolingUntil.IsZero(),
	}
}

// Picture returns the picture of an application, a PNG, or ErrUnknown.
func (s *Service) Picture(ctx context.Context, id int64) ([]byte, error) {
	picture, err := s.q.ApplicationPictureOf(ctx, s.pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("read the picture of application %d: %w", id, err)
	}
	return picture, nil
}

// SetPicture gives an application a picture; none for an empty one. What it is must have been looked at: see ReadPNG.
func (s *Service) SetPicture(ctx context.Context, id int64, picture PNG, by audit.Person, address string) error {
	return s.act(ctx, id, audit.ApplicationChanged, by, address, func(tx pgx.Tx) (int64, error) {
		return s.q.ApplicationPicture(ctx, tx, dbsqlc.ApplicationPictureParams{ID: id, Picture: picture.bytes})
	})
}
