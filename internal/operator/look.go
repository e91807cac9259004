package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
)

// Search looks a user up and writes in the audit log that the operator did, once for a while: a page that is loaded
// again is the same look. It returns ErrUnknown.
func (s *Service) Search(ctx context.Context, by By, officeCode, username string) (History, error) {
	h, err := s.Look(ctx, officeCode, username)
	if err != nil {
		return h, err
	}
	looked, err := s.q.OperatorLookedUp(ctx, s.pool, dbsqlc.OperatorLookedUpParams{
		SubjectID: &h.User.ID, ActorID: &by.Operator.ID,
	})
	if err != nil {
		return h, fmt.Errorf("find the last look at user %d: %w", h.User.ID, err)
	}
	if looked {
		return h, nil
	}
	return h, s.log.Write(ctx, s.pool, by.event(audit.UserLookedUp, h.User.OfficeID,
		audit.Person{ID: h.User.ID, Name: h.User.Username}, ""))
}

// Look is Search without the note, for a page that shows itself again. It returns ErrUnknown.
func (s *Service) Look(ctx context.Context, officeCode, username string) (History, error) {
	officeCode, usernames := find(officeCode, username)
	id, err := s.q.OperatorUserFind(ctx, s.pool, dbsqlc.OperatorUserFindParams{
		OfficeCode: officeCode, Usernames: usernames,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return History{}, ErrUnknown
	}
	if err != nil {
		return History{}, fmt.Errorf("find a user: %w", err)
	}
	histories, err := s.histories(ctx, []int64{id})
	if err != nil {
		return History{}, err
	}
	h, ok := histories[id]
	if !ok { // deleted since
		return History{}, ErrUnknown
	}
	return h, nil
}

// histories reads those of several users, one statement for each level.
func (s *Service) histories(ctx context.Context, ids []int64) (map[int64]History, error) {
	providers, err := s.readProviders(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]Provider{}
	for _, p := range providers {
		byName[p.Name] = p
	}
	users, err := s.q.OperatorUsers(ctx, s.pool, ids)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	logins, err := s.logins(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows, err := s.q.OperatorEvents(ctx, s.pool, ids)
	if err != nil {
		return nil, fmt.Errorf("read the events of users: %w", err)
	}
	events := map[int64][]Event{}
	for _, e := range rows {
		events[e.UserID] = append(events[e.UserID], Event{e.At, e.Actor, e.Subject, audit.Action(e.Action), e.Detail})
	}
	histories := map[int64]History{}
	for _, r := range users {
		factors, err := factor.ParseSet(r.Factors)
		if err != nil {
			return nil, err
		}
		histories[r.ID] = History{Now: r.Now, Providers: byName, Logins: logins[r.ID], Events: events[r.ID], User: User{
			ID: r.ID, OfficeID: r.OfficeID, Username: r.Username, Name: r.Name, Office: r.OfficeCode, OfficeName: r.OfficeName,
			OfficeUsers: int(r.OfficeUsers), TwoFactor: r.TwoFactorRequired, Disabled: r.DisabledAt != nil,
			Factors:   factors.Masked(),
			Known:     Budget{int(r.InARow), at(r.WaitUntil), factor.Lock(r.Lock)},
			Strangers: Budget{int(r.StrangersInARow), at(r.StrangersWaitUntil), factor.Lock(r.StrangersLock)},
			HelpSince: epoch(r.HelpSince), ExemptUntil: epoch(r.ExemptUntil),
			FirstHoursUntil: epoch(r.FirstHoursUntil), DemandedFrom: epoch(r.DemandedFrom),
			CoolingUntil: epoch(r.CoolingUntil),
		}}
	}
	return histories, nil
}

// logins reads from the sessions down to the receipts, one statement for each level.
func (s *Service) logins(ctx context.Context, users []int64) (map[int64][]Login, error) {
	rows, err := s.q.OperatorLogins(ctx, s.pool, users)
	if err != nil {
		return nil, fmt.Errorf("read log-ins: %w", err)
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	challenges, err := s.q.OperatorChallenges(ctx, s.pool, ids)
	if err != nil {
		return nil, fmt.Errorf("read challenges: %w", err)
	}
	messages, err := s.messages(ctx, challenges)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	made := map[int64][]Challenge{}
	for _, c := range slices.Backward(challenges) {
		made[c.SessionID] = append(made[c.SessionID], Challenge{
			ID: c.ID, Purpose: c.Purpose, Number: phone.Masked(c.Number), Tries: int(c.Tries), BeganAt: c.CreatedAt,
			ExpiresAt: c.ExpiresAt, EndedAt: at(c.EndedAt), Outcome: text(c.Outcome), Messages: messages[c.ID],
		})
	}
	logins := map[int64][]Login{}
	for _, r := range rows {
		logins[r.UserID] = append(logins[r.UserID], Login{
			ID: r.ID, BeganAt: r.CreatedAt, Level: int(r.Level), FinishedAt: at(r.SecondFactorAt), ExpiresAt: r.ExpiresAt,
			EndedAt: at(r.EndedAt), Address: r.Address, PassUntil: at(r.PassUntil), Challenges: made[r.ID],
		})
	}
	return logins, nil
}

func (s *Service) messages(ctx context.Context, challenges []dbsqlc.OperatorChallengesRow) (
	map[int64][]Message, error) {
	ids := make([]int64, len(challenges))
	for i, c := range challenges {
		ids[i] = c.ID
	}
	rows, err := s.q.OperatorMessages(ctx, s.pool, ids)
	if err != nil {
		return nil, err
	}
	messageIDs := make([]int64, len(rows))
	for i, r := range rows {
		messageIDs[i] = r.ID
	}
	sends, err := s.q.OperatorSends(ctx, s.pool, messageIDs)
	if err != nil {
		return nil, err
	}
	receipts, err := s.q.OperatorReceipts(ctx, s.pool, messageIDs)
	if err != nil {
		return nil, err
	}
	jobs, err := s.jobs(ctx, ids)
	if err != nil {
		return nil, err
	}
	sent, reported := map[int64][]Send{}, map[int64][]Receipt{}
	for _, x := range sends {
		sent[x.MessageID] = append(sent[x.MessageID], Send{
			x.Provider, x.State, x.Class, x.Status, x.Reason, x.Price, x.StartedAt, at(x.FinishedAt),
		})
	}
	for _, x := range receipts {
		reported[x.MessageID] = append(reported[x.MessageID],
			Receipt{x.Provider, x.Status, x.ErrorCode, x.Reason, x.ReceivedAt})
	}
	of := map[int64][]Message{}
	for _, r := range rows {
		of[r.ChallengeID] = append(of[r.ChallengeID], Message{
			ID: r.ID, No: int(r.SendNo), Channel: r.Channel, State: r.State, Reason: r.Reason, Final: r.Final,
			QueuedAt: r.QueuedAt, ChangedAt: r.ChangedAt, AcceptedAt: at(r.AcceptedAt),
			Jobs: jobs[jobKey{r.ChallengeID, int(r.SendNo)}], Sends: sent[r.ID], Receipts: reported[r.ID],
		})
	}
	return of, nil
}

type jobKey struct {
	challenge int64
	sendNo    int
}

// jobs reads River's table by its index of arguments, a challenge at a time.
func (s *Service) jobs(ctx context.Context, challenges []int64) (map[jobKey][]Job, error) {
	rows, err := s.pool.Query(ctx, `select c.id, coalesce((j.args->>'send_no')::int, 1), j.id, j.state::text, j.attempt,
		j.created_at, j.scheduled_at, j.finalized_at,
			coalesce((select jsonb_agg(jsonb_build_object('at', e->>'at', 'attempt', e->'attempt', 'error',
				left(e->>'error', 1000)))
				from unnest(j.errors) e), '[]')
		from unnest($1::bigint[]) c(id)
		join lateral (
			select * from river_job where args @> jsonb_build_object('challenge_id', c.id) and kind = 'send_code'
				order by id limit 20
		) j on true
		order by j.id`, challenges)
	if err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	defer rows.Close()
	of := map[jobKey][]Job{}
	for rows.Next() {
		var key jobKey
		var j Job
		var attempt int16
		var finished *time.Time
		var failures []struct {
			At      time.Time `json:"at"`
			Attempt int       `json:"attempt"`
			Error   string    `json:"error"`
		}
		if err := rows.Scan(&key.challenge, &key.sendNo, &j.ID, &j.State, &attempt, &j.EnqueuedAt, &j.ScheduledAt, &finished,
			&failures); err != nil {
			return nil, fmt.Errorf("read jobs: %w", err)
		}
		j.Attempt, j.FinishedAt = int(attempt), at(finished)
		for _, f := range failures {
			j.Failures = append(j.Failures, Failure{f.At, f.Attempt, Redact(f.Error)})
		}
		of[key] = append(of[key], j)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read jobs: %w", err)
	}
	return of, nil
}

// UserOfJob returns the office's code and the username of whom a job is for: a code's, or a mail's. It returns
// ErrUnknown.
func (s *Service) UserOfJob(ctx context.Context, id int64) (office, username string, _ error) {
	err := s.pool.QueryRow(ctx, `select o.code, u.username
		from river_job j
		left join challenges c on j.kind = 'send_code' and c.id = (j.args->>'challenge_id')::bigint
		left join mails m on j.kind = 'send_mail' and m.id = (j.args->>'mail_id')::bigint
		join users u on u.id = coalesce(c.user_id, m.user_id)
		join offices o on o.id = u.office_id
		where j.id = $1`, id).Scan(&office, &username)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", ErrUnknown
	}
	if err != nil {
		return "", "", fmt.Errorf("find the user of job %d: %w", id, err)
	}
	return office, username, nil
}

// epoch reads what SQL says in the place of nothing.
func epoch(at time.Time) time.Time {
	if at.Unix() == 0 {
		return time.Time{}
	}
	return at
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
