package account

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/audit"
)

// TellSuperusers mails every superuser of an office what the command line did to it, in the transaction that did it. It
// does nothing where no mail is sent; the notice on their next page is there all the same.
func (s *Service) TellSuperusers(ctx context.Context, tx pgx.Tx, event audit.Event) error {
	if s.mailer == nil {
		return nil
	}
	superusers, err := s.q.UserSuperusers(ctx, tx, event.Office)
	if err != nil {
		return fmt.Errorf("list the superusers of office %d: %w", event.Office, err)
	}
	kind := "forced_reset"
	if event.Action == audit.TwoFactorSwitched {
		kind = "forced_off"
	}
	for _, id := range superusers {
		if err := s.mailer.Mail(ctx, tx, Mail{UserID: id, Kind: kind}); err != nil {
			return err
		}
	}
	return nil
}
