package message

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/factor"
	"github.com/nightlatch/nightlatch/internal/phone"
)

// first is step one of nearly every message: its first call, to the first provider of its route, in three statements.
// It begins nothing when anything is not as it is then (the message was called for before or is over, the provider
// gives no turn): again decides that. Whether it still is so is asked by the statement that writes the call.
func (s *Service) first(ctx context.Context, challengeID int64, sendNo int) (call, bool, error) {
	no := int16(sendNo) // #nosec G115 -- 1 to 3
	p, err := s.q.SendPlan(ctx, s.pool, dbsqlc.SendPlanParams{ID: challengeID, SendNo: no})
	if errors.Is(err, pgx.ErrNoRows) {
		return call{}, false, nil
	}
	if err != nil {
		return call{}, false, fmt.Errorf("read challenge %d: %w", challengeID, err)
	}
	judged := decide(state{p.Now, p.ExpiresAt, p.EndedAt != nil, p.Final, int(p.SendsAsked) == sendNo, nil})
	route := s.providers.Route(p.Country, phone.Channel(p.Channel))
	if p.State != "queued" || judged != goAhead || len(route) == 0 {
		return call{}, false, nil
	}
	code, err := s.codes.OpenCode(p.Ref, p.CodeCt)
	if err != nil {
		return call{}, false, fmt.Errorf("challenge %d: %w", challengeID, err)
	}
	wait, got, err := s.take(ctx, route[0], s.ahead(factor.Purpose(p.Purpose).Urgent()))
	if err != nil || !got {
		return call{}, false, err
	}
	if err := pause(ctx, wait); err != nil {
		return call{}, false, err
	}
	r, err := s.q.SendFirst(ctx, s.pool, dbsqlc.SendFirstParams{
		ID: challengeID, SendNo: no, Provider: route[0], LeastLife: leastLife,
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return call{}, false, nil
	}
	if err != nil {
		return call{}, false, fmt.Errorf("write the first send of challenge %d: %w", challengeID, err)
	}
	return call{
		challengeID: challengeID, sendNo: sendNo, messageID: p.MessageID, sendID: r.ID, provider: route[0],
		channel: p.Channel, others: len(route) > 1,
		text: Text{
			To: p.Number, Language: p.Language, Code: code, Ref: fmt.Sprintf("%s.%d", p.Ref, sendNo),
			Life: p.ExpiresAt.Sub(r.Now),
		},
	}, true, nil
}
