package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
)

const (
	chainBatch = 5000
	// signedWithin is how long an event may stand without a signature behind it: a day, and as long again for a worker
	// that was down.
	signedWithin = 48 * time.Hour
)

// History is what Verify saw of one office's.
type History struct {
	Office   string     `json:"office"` // its code; "" is the installation
	Events   int64      `json:"events"`
	Gone     int64      `json:"gone"`                // of these, attempts whose time was over
	Signed   int64      `json:"signed"`              // the last number that is signed
	SignedAt *time.Time `json:"signed_at,omitempty"` // when
}

// History returns what the Check saw.
func (c *Check) History() History {
	h := History{Office: c.Office, Events: c.number - c.first, Gone: c.gone, Signed: c.signed}
	if !c.signedAt.IsZero() {
		h.SignedAt = &c.signedAt
	}
	return h
}

// Report is what Verify found.
type Report struct {
	Histories []History `json:"histories"`
	Findings  []Finding `json:"findings"`
}

// Verify follows the chain of every office, or of the one of a code, and says what was changed, left out or added. Only
// an installation's own keys count for the last signature of a chain.
func Verify(ctx context.Context, tx dbsqlc.DBTX, ring *keys.Ring, only string) (Report, error) {
	q := dbsqlc.New()
	report := Report{Findings: []Finding{}}
	chains, err := q.AuditChainList(ctx, tx)
	if err != nil {
		return report, fmt.Errorf("list the chains of the history: %w", err)
	}
	codes := map[int64]string{}
	for _, chain := range chains {
		if only != "" && chain.Code != only {
			continue
		}
		if chain.Code == "" && chain.OfficeID != 0 {
			chain.Code = "office " + digits(chain.OfficeID) // one that is gone
		}
		codes[chain.OfficeID] = chain.Code
		check, err := verifyChain(ctx, tx, chain.OfficeID, chain.Code, ring)
		if err != nil {
			return report, err
		}
		report.Histories = append(report.Histories, check.History())
		report.Findings = append(report.Findings, check.Found...)
	}
	added, err := unlinked(ctx, tx, codes, only)
	report.Findings = append(report.Findings, added...)
	return report, err
}

func verifyChain(ctx context.Context, tx dbsqlc.DBTX, chain int64, code string, ring *keys.Ring) (*Check, error) {
	heads, err := Heads(ctx, tx, chain)
	if err != nil {
		return nil, err
	}
	check := NewCheck(code, heads, nil)
	var now time.Time
	for {
		links, err := Links(ctx, tx, chain, check.number, chainBatch)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			check.Next(l.Link, l.Event, l.Attempt && l.Old)
			now = l.Now
		}
		if len(links) < chainBatch {
			break
		}
	}
	check.End()
	if n := len(heads); n > 0 && !Ours(ring, heads[n-1].PublicKey) {
		check.found(Unknown, heads[n-1].Number, 0, "The last signature, of %s, is of a key that is not of this key file.",
			moment(heads[n-1].SignedAt))
	}
	if !check.open.IsZero() && now.Sub(check.open) > signedWithin {
		check.found(Unsigned, check.signed+1, 0, "Nothing is signed since %s: either no worker ran, or signatures are gone.",
			moment(check.open))
	}
	return check, nil
}

// unlinked finds the events that stand in no chain.
func unlinked(ctx context.Context, tx dbsqlc.DBTX, codes map[int64]string, only string) (found []Finding, err error) {
	for after := int64(0); ; {
		rows, err := dbsqlc.New().AuditChainUnlinked(ctx, tx, dbsqlc.AuditChainUnlinkedParams{
			After: after, Batch: chainBatch,
		})
		if err != nil {
			return nil, fmt.Errorf("look for events without a link: %w", err)
		}
		if len(rows) == 0 {
			return found, nil
		}
		after = rows[0].Last
		for i, event := range rows[0].Unlinked {
			code, known := codes[rows[0].Chains[i]]
			if only != "" && (!known || code != only) {
				continue
			}
			found = append(found, Finding{Added, code, 0, event, fmt.Sprintf("Added: event %d stands in no chain.", event)})
		}
	}
}

// Linked is a link with its event, nil when that has gone.
type Linked struct {
	Link

	Event *Record
	Old   bool      // an attempt of its time may have gone by now
	Now   time.Time // the database's clock
}

// Links returns the links of a chain behind a number, at most so many, in order.
func Links(ctx context.Context, tx dbsqlc.DBTX, chain, after int64, most int32) ([]Linked, error) {
	rows, err := dbsqlc.New().AuditChainLinks(ctx, tx, dbsqlc.AuditChainLinksParams{
		Chain: chain, After: after, Batch: most,
	})
	if err != nil {
		return nil, fmt.Errorf("read the chain of office %d: %w", chain, err)
	}
	links := make([]Linked, len(rows))
	for i, r := range rows {
		links[i] = Linked{Link: Link{chain, r.Seq, r.EventID, r.At, r.Attempt, r.Content, r.Hash}, Old: r.Old, Now: r.Now}
		if r.ID != nil {
			links[i].Event = &Record{
				*r.ID, *r.EventAt, id(r.OfficeID), Person{id(r.ActorID), *r.Actor}, Person{id(r.SubjectID), *r.Subject},
				Action(*r.Action), *r.Detail, *r.Address,
			}
		}
	}
	return links, nil
}

func id(of *int64) int64 {
	if of == nil {
		return 0
	}
	return *of
}

// Heads returns what was signed of a chain, in order.
func Heads(ctx context.Context, tx dbsqlc.DBTX, chain int64) ([]Head, error) {
	rows, err := dbsqlc.New().AuditChainHeads(ctx, tx, chain)
	if err != nil {
		return nil, fmt.Errorf("read the signatures of office %d: %w", chain, err)
	}
	heads := make([]Head, len(rows))
	for i, r := range rows {
		heads[i] = Head{chain, r.Seq, r.Hash, r.SignedAt, r.PublicKey, r.Signature}
	}
	return heads, nil
}

// Signer signs the ends of the chains.
type Signer struct {
	pool *db.Pool
	ring *keys.Ring
	log  *Log
}

// NewSigner returns a Signer.
func NewSigner(pool *db.Pool, ring *keys.Ring, log *Log) *Signer { return &Signer{pool, ring, log} }

// Sign signs every chain that has grown since it was signed, a day ago or longer, or was signed with another key. What
// it signed stands in the process's log as well: whoever keeps that elsewhere has a witness that no database changes.
func (s *Signer) Sign(ctx context.Context) error {
	q := dbsqlc.New()
	due, err := q.AuditHeadsDue(ctx, s.pool, s.ring.Signer(purposeHead))
	if err != nil {
		return fmt.Errorf("ask which histories are to be signed: %w", err)
	}
	for batch := range slices.Chunk(due, 100) {
		err := db.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			for _, d := range batch {
				h := Head{Office: d.Chain, Number: d.Seq, Hash: d.Hash, SignedAt: d.Now}.signed(s.ring)
				err := q.AuditHeadInsert(ctx, tx, dbsqlc.AuditHeadInsertParams{
					Chain: h.Office, Seq: h.Number, Hash: h.Hash, SignedAt: h.SignedAt, PublicKey: h.PublicKey,
					Signature: h.Signature,
				})
				if err != nil {
					return fmt.Errorf("keep the signature of office %d: %w", h.Office, err)
				}
				s.log.logger.InfoContext(ctx, "history signed", "office", h.Office, "number", h.Number, "hash",
					fmt.Sprintf("%x", h.Hash), "at", h.SignedAt.UTC().Format(time.RFC3339Nano), "key",
					fmt.Sprintf("%x", h.PublicKey), "signature", fmt.Sprintf("%x", h.Signature))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
