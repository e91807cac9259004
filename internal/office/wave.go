package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/typed"
)

// Why a wave is not taken, beside what is wrong with its date.
var (
	ErrNoGroup    = fault.New(fault.Invalid, "a group needs a name of 1 to 60 characters")
	ErrGroupTaken = fault.New(fault.Invalid, "there is a group of this name")
	ErrNobody     = fault.New(fault.Invalid, "a group needs somebody")
	ErrManyWaves  = fault.New(fault.Invalid, "there are too many waves")
)

// UnknownError names who is in no office of the superuser's, as typed.
type UnknownError struct{ Names []string }

func (e *UnknownError) Error() string { return "no such users: " + strings.Join(e.Names, ", ") }

const (
	maxWaves = 20
	maxGroup = 2000
)

// Wave is who has another date than the office's: a role, or a named group.
type Wave struct {
	ID        int64
	Name      string       // of a group
	Role      account.Role // "" for a group
	Usernames []string     // of a group
	From      time.Time
}

// WaveForm is a wave as a form writes it: of a role, or else of a group with a name and usernames, parted by blanks,
// commas or lines. ID is that of the wave it changes, 0 for a new one.
type WaveForm struct {
	ID              int64
	Role            account.Role
	Name, Usernames string
	From, Zone      string
}

// PutWave gives a role, or a named group, a date of their own. Before the office has a date it is a plan; after,
// nobody's becomes earlier than they were told, and whose date changes is told the new one. The other superusers are
// told. It returns ErrNotAllowed, fault.StepUpRequired, fault.NotFound for an ID of no wave, *UnknownError, and why a
// wave or its date is not taken.
func (s *Service) PutWave(ctx context.Context, sess session.Session, client session.Client, form WaveForm) error {
	at, err := Local(form.From, form.Zone)
	if err != nil {
		return err
	}
	name := typed.Line(form.Name)
	switch {
	case form.Role != "":
		if !form.Role.Valid() {
			return fault.New(fault.Invalid, "no such role")
		}
		name = string(form.Role)
	case name == "" || len([]rune(name)) > 60:
		return ErrNoGroup
	}
	err = session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		was, err := s.rollout(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		if err := s.mayBe(ctx, tx, sess.User.OfficeID, at, Rollout{Active: was.Active, Now: was.Now}); err != nil {
			return err
		}
		id, err := s.putWave(ctx, tx, sess.User.OfficeID, form, name, at)
		if err != nil {
			return err
		}
		if later, err := s.q.OfficeWaveLater(ctx, tx, id); err != nil || later {
			return errors.Join(err, ErrTold)
		}
		event := sess.Event(audit.WaveSet, client)
		event.Detail = name + ", " + at.Format(localForm) + " " + form.Zone
		return s.afterWave(ctx, tx, sess, event)
	})
	if db.IsUnique(err) {
		return ErrGroupTaken
	}
	return err
}

// putWave writes a wave in the place of the one that it changes, and who is in it.
func (s *Service) putWave(
	ctx context.Context, tx pgx.Tx, officeID int64, form WaveForm, name string, at time.Time,
) (int64, error) {
	members, err := s.members(ctx, tx, officeID, form)
	if err != nil {
		return 0, err
	}
	waves, err := s.q.OfficeWaveList(ctx, tx, officeID)
	if err != nil {
		return 0, fmt.Errorf("read the waves of office %d: %w", officeID, err)
	}
	id := form.ID
	for _, w := range waves {
		if form.Role != "" && w.Role != nil && account.Role(*w.Role) == form.Role {
			id = w.ID // a role has one
		}
	}
	switch {
	case id == 0 && len(waves) >= maxWaves:
		return 0, ErrManyWaves
	case id != 0:
		_, err := s.q.OfficeWaveRemove(ctx, tx, dbsqlc.OfficeWaveRemoveParams{OfficeID: officeID, ID: id})
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, fault.NotFound
		}
		if err != nil {
			return 0, fmt.Errorf("replace wave %d: %w", id, err)
		}
	}
	id, err = s.q.OfficeWavePut(ctx, tx, dbsqlc.OfficeWavePutParams{
		ID: id, OfficeID: officeID, Name: name, Role: string(form.Role), DemandedFrom: at,
	})
	if err != nil {
		return 0, fmt.Errorf("write a wave of office %d: %w", officeID, err)
	}
	if err := s.q.OfficeWaveFill(ctx, tx, dbsqlc.OfficeWaveFillParams{WaveID: id, UserIds: members}); err != nil {
		return 0, fmt.Errorf("fill wave %d: %w", id, err)
	}
	return id, nil
}

// members finds who is in the group of a form. It returns ErrNobody and *UnknownError.
func (s *Service) members(ctx context.Context, tx pgx.Tx, officeID int64, form WaveForm) ([]int64, error) {
	if form.Role != "" {
		return nil, nil
	}
	names := strings.FieldsFunc(form.Usernames, func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) })
	if len(names) == 0 || len(names) > maxGroup {
		return nil, ErrNobody
	}
	var forms []string
	for _, name := range names {
		forms = append(forms, account.LookUp(name)...)
	}
	rows, err := s.q.UsersByNames(ctx, tx, dbsqlc.UsersByNamesParams{OfficeID: officeID, Usernames: forms})
	if err != nil {
		return nil, fmt.Errorf("find a group of office %d: %w", officeID, err)
	}
	found := map[string]int64{}
	for _, r := range rows {
		found[r.Username] = r.ID
	}
	var ids []int64
	var unknown []string
	for _, name := range names {
		var id int64
		for _, form := range slices.Backward(account.LookUp(name)) {
			if of, ok := found[form]; ok {
				id = of // the nearer form is the first
			}
		}
		switch {
		case id == 0:
			unknown = append(unknown, name)
		case !slices.Contains(ids, id):
			ids = append(ids, id)
		}
	}
	if len(unknown) > 0 {
		return nil, &UnknownError{unknown}
	}
	return ids, nil
}

// RemoveWave takes a wave away: who was in it has the date of another of theirs, or the office's, but none earlier
// than they were told. It returns ErrNotAllowed, fault.StepUpRequired, fault.NotFound, and ErrDemanded once the
// office's date has come.
func (s *Service) RemoveWave(ctx context.Context, sess session.Session, client session.Client, id int64) error {
	return session.ActingTx(ctx, s.pool, sess, changing, func(tx pgx.Tx, _ session.Session) error {
		was, err := s.rollout(ctx, tx, sess.User.OfficeID)
		if err != nil {
			return err
		}
		if was.Active {
			return ErrDemanded
		}
		wave, err := s.q.OfficeWaveRemove(ctx, tx, dbsqlc.OfficeWaveRemoveParams{OfficeID: sess.User.OfficeID, ID: id})
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.NotFound
		}
		if err != nil {
			return fmt.Errorf("remove wave %d: %w", id, err)
		}
		event := sess.Event(audit.WaveRemoved, client)
		event.Detail = wave.Name
		return s.afterWave(ctx, tx, sess, event)
	})
}

// afterWave gives users their dates by the waves as they are now, tells whose changed and the other superusers, and
// writes the event.
func (s *Service) afterWave(ctx context.Context, tx pgx.Tx, sess session.Session, event audit.Event) error {
	now, err := s.rollout(ctx, tx, sess.User.OfficeID)
	if err != nil {
		return err
	}
	if !now.From.IsZero() {
		given, err := s.q.UserDatesSet(ctx, tx, dbsqlc.UserDatesSetParams{
			OfficeID: sess.User.OfficeID, DemandedFrom: now.From,
		})
		if err != nil {
			return fmt.Errorf("give the users of office %d their dates: %w", sess.User.OfficeID, err)
		}
		if err := s.ways.MailAll(ctx, tx, s.notReadyOf(sess.User.OfficeID, given), "date_set"); err != nil {
			return err
		}
	}
	if err := s.ways.MailAll(ctx, tx, s.otherSuperusers(sess.User), "waves_changed"); err != nil {
		return err
	}
	return s.log.Write(ctx, tx, event)
}

// notReadyOf returns who of some users is told of their date.
func (s *Service) notReadyOf(officeID int64, some []int64) account.Readers {
	return func(ctx context.Context, tx pgx.Tx) ([]int64, error) {
		ids, err := s.notReady(officeID)(ctx, tx)
		return slices.DeleteFunc(ids, func(id int64) bool { return !slices.Contains(some, id) }), err
	}
}

// Person is somebody of an office.
type Person struct{ Username, Name string }

// People returns who can be in a group, by name: the enabled users of an office, at most 500.
func (s *Service) People(ctx context.Context, officeID int64) ([]Person, error) {
	rows, err := s.q.OfficePeople(ctx, s.pool, officeID)
	if err != nil {
		return nil, fmt.Errorf("list the people of office %d: %w", officeID, err)
	}
	all := make([]Person, len(rows))
	for i, r := range rows {
		all[i] = Person(r)
	}
	return all, nil
}
