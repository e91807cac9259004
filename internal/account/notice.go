package account

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
)

// Notify leaves a user a notice that is about no change of a way in, and writes to them. kind is the catalogue's
// notice.<kind> and mail.<kind>_subject.
func (w *Ways) Notify(ctx context.Context, tx pgx.Tx, userID int64, kind string, from Origin) error {
	if err := w.notice(ctx, tx, userID, kind); err != nil {
		return err
	}
	return w.post.Mail(ctx, tx, Mail{UserID: userID, Kind: kind, Language: from.Language, From: from})
}

// NotifyBy is Notify of what somebody else of the office did, in language unless the user chose one.
func (w *Ways) NotifyBy(ctx context.Context, tx pgx.Tx, userID int64, kind string, by int64, language string) error {
	if err := w.notice(ctx, tx, userID, kind); err != nil {
		return err
	}
	return w.post.Mail(ctx, tx, Mail{UserID: userID, Kind: kind, Language: language, By: by})
}

// notice leaves a user a notice at the next page they see.
func (w *Ways) notice(ctx context.Context, tx pgx.Tx, userID int64, kind string) error {
	if err := w.q.NoticeInsert(ctx, tx, dbsqlc.NoticeInsertParams{UserID: userID, Kind: kind}); err != nil {
		return fmt.Errorf("leave user %d a notice: %w", userID, err)
	}
	return nil
}

// NotifySuperusers tells every superuser of an office, on screen and by mail, what was done to it from outside, in
// the transaction that did it. Either all are told, or nothing is done.
func (w *Ways) NotifySuperusers(ctx context.Context, tx pgx.Tx, officeID int64, kind string) error {
	if err := w.NoticeSuperusers(ctx, tx, officeID, kind); err != nil {
		return err
	}
	superusers, err := w.q.UserSuperusers(ctx, tx, officeID)
	if err != nil {
		return fmt.Errorf("list the superusers of office %d: %w", officeID, err)
	}
	for _, id := range superusers {
		if err := w.post.Mail(ctx, tx, Mail{UserID: id, Kind: kind}); err != nil {
			return err
		}
	}
	return nil
}

// Readers finds to whom a mail goes.
type Readers func(ctx context.Context, tx pgx.Tx) ([]int64, error)

// MailAll writes to many users, in the transaction of what they are told.
func (w *Ways) MailAll(ctx context.Context, tx pgx.Tx, to Readers, kind string) error {
	if !w.CanMail() {
		return nil
	}
	ids, err := to(ctx, tx)
	if err != nil {
		return err
	}
	return w.MailBy(ctx, tx, ids, kind, 0)
}

// MailBy writes to users what another of the office did, or with by 0 what nobody did.
func (w *Ways) MailBy(ctx context.Context, tx pgx.Tx, ids []int64, kind string, by int64) error {
	for _, id := range ids {
		if err := w.post.Mail(ctx, tx, Mail{UserID: id, Kind: kind, By: by}); err != nil {
			return err
		}
	}
	return nil
}

// MailOperators writes to the operators who have an e-mail address, about an office or, with 0, the installation.
func (w *Ways) MailOperators(ctx context.Context, tx pgx.Tx, kind string, officeID int64) error {
	operators, err := w.q.OperatorsWithMail(ctx, tx)
	if err != nil {
		return fmt.Errorf("list the operators with an address: %w", err)
	}
	for _, id := range operators {
		if err := w.post.Mail(ctx, tx, Mail{UserID: id, Kind: kind, About: officeID}); err != nil {
			return err
		}
	}
	return nil
}

// NoticeSuperusers leaves every superuser of an office a notice, on screen alone.
func (w *Ways) NoticeSuperusers(ctx context.Context, tx pgx.Tx, officeID int64, kind string) error {
	err := w.q.NoticeInsertSuperusers(ctx, tx, dbsqlc.NoticeInsertSuperusersParams{OfficeID: officeID, Kind: kind})
	if err != nil {
		return fmt.Errorf("leave the superusers of office %d a notice: %w", officeID, err)
	}
	return nil
}
