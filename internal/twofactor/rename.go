package twofactor

import (
	"context"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/typed"
)

var (
	// ErrNoName says that nothing is left of a name that was typed.
	ErrNoName = fault.New(fault.Invalid, "a name is needed")
	// ErrLongName says that a name has more than factor.MaxItemName characters.
	ErrLongName = fault.New(fault.Invalid, "the name is too long")
)

// RenameItem gives one of several that the user has of a kind another name. It opens nothing and takes nothing away, so
// that it takes no step-up. It returns ErrNoName, ErrLongName, ErrOver when the user has no such, and fault.NotFound
// for a kind of which there is one.
func (s *Service) RenameItem(
	ctx context.Context, sess session.Session, client session.Client, kind factor.Kind, id int64, name string,
) error {
	f, err := s.collection(kind)
	if err != nil {
		return err
	}
	name = typed.Line(name)
	switch {
	case name == "":
		return ErrNoName
	case utf8.RuneCountInString(name) > factor.MaxItemName:
		return ErrLongName
	}
	return db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		now, err := s.lock(ctx, tx, sess)
		if err != nil {
			return err
		}
		if now.Pending() {
			return ErrOver // the office has just begun to demand the second step
		}
		if now.Limited {
			return session.ErrLimited
		}
		before, err := f.RenameItem(ctx, tx, sess.User.ID, id, name)
		if err != nil || before == name {
			return err
		}
		event := sess.Event(audit.PasskeyRenamed, client)
		event.Detail = before + " → " + name
		return s.log.Write(ctx, tx, event)
	})
}
