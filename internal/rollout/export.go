package rollout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/fault"
	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/session"
	"github.com/nightlatch/nightlatch/internal/sheet"
)

// Found returns everybody whom a search finds, on all pages, for their superuser. It returns fault.Forbidden.
func (s *Service) Found(ctx context.Context, sess session.Session, search Search) ([]int64, error) {
	if !sess.User.Role.ManagesOffice() {
		return nil, fault.Forbidden
	}
	list, err := s.people(ctx, s.pool, sess.User.OfficeID, search)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list.found))
	for i, p := range list.found {
		ids[i] = p.ID
	}
	return ids, nil
}

// Export returns how these users of an office stand as a file in the client's language, without numbers. It is written
// down who took it. Ids of nobody there are left out. It returns fault.Forbidden and fault.StepUpRequired.
func (s *Service) Export(
	ctx context.Context, sess session.Session, client session.Client, ids []int64,
) (file []byte, err error) {
	act := session.Act{Role: account.RoleSuperuser, StepUp: session.StepUpOffice}
	err = session.ActingTx(ctx, s.pool, sess, act, func(tx pgx.Tx, now session.Session) error {
		list, err := s.people(ctx, tx, now.User.OfficeID, Search{})
		if err != nil {
			return err
		}
		word := func(key string) string { return locale.T(client.Language, key) }
		var headings []string
		for _, column := range []string{"username", "name", "email", "role", "state", "findings", "last", "by"} {
			headings = append(headings, word("readiness_file."+column))
		}
		rows := [][]string{headings}
		for _, p := range list.found {
			if !slices.Contains(ids, p.ID) {
				continue
			}
			findings := make([]string, len(p.Findings))
			for i, f := range p.Findings {
				findings[i] = word("finding." + string(f))
			}
			last := ""
			if !p.LastAt.IsZero() {
				last = p.LastAt.UTC().Format(time.DateTime)
			}
			rows = append(rows, []string{p.Username, p.Name, p.Email, word("role." + string(p.Role)),
				word("standing." + string(p.State)), strings.Join(findings, " · "), last, By(client.Language, p.LastBy)})
		}
		if file, err = sheet.File(word("files.separator"), rows); err != nil {
			return fmt.Errorf("write how users stand: %w", err)
		}
		event := sess.Event(audit.ReadinessExported, client)
		event.Detail = strconv.Itoa(len(rows) - 1)
		return s.log.Write(ctx, tx, event)
	})
	return file, err
}

// By returns what proved a log-in, in words.
func By(lang, by string) string {
	if locale.Has("detail." + by) {
		return locale.T(lang, "detail."+by)
	}
	return by
}
