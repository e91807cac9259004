package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/internal/locale"
	"github.com/nightlatch/nightlatch/internal/sheet"
)

// Office is an office with what it uses. Messages and cost are of the calendar month, in UTC.
type Office struct {
	ID                int64
	Code              string
	Name              string
	TwoFactorRequired bool
	TwoFactorSince    time.Time // zero when it was never switched
	Users             int
	Messages          int // accepted by a provider
	Cost              float64
	Cap               string    // "" for none
	Near              bool      // the cap is nearly spent
	ReachedAt         time.Time // when it is, at this month's pace; zero when not this month
}

// messagesLife is how old the numbers of messages in the list of offices may be.
const messagesLife = time.Minute

// Offices returns all of them, by code. Their messages are counted once a minute.
func (s *Service) Offices(ctx context.Context) ([]Office, error) {
	messages, err := s.perOffice.get(ctx, struct{}{}, messagesLife, s.countMessages)
	if err != nil {
		return nil, err
	}
	rows, err := s.q.OperatorOffices(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("list offices: %w", err)
	}
	offices := make([]Office, len(rows))
	for i, r := range rows {
		offices[i] = Office{
			ID: r.ID, Code: r.Code, Name: r.Name, TwoFactorRequired: r.TwoFactorRequired,
			TwoFactorSince: at(r.TwoFactorChangedAt),
			Users:          int(r.Users), Messages: messages[r.ID], Cost: r.Cost, Cap: r.Cap,
			Near: r.Near, ReachedAt: forecast(r.ReachedAt),
		}
	}
	return offices, nil
}

// countMessages returns how many messages of each office went out this month.
func (s *Service) countMessages(ctx context.Context) (map[int64]int, error) {
	rows, err := s.q.OfficeMessages(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("count the messages of offices: %w", err)
	}
	of := make(map[int64]int, len(rows))
	for _, r := range rows {
		of[r.OfficeID] = int(r.Messages)
	}
	return of, nil
}

// Office returns one, with its code, name, cost and cap, and how near that is. It returns ErrUnknown.
func (s *Service) Office(ctx context.Context, id int64) (Office, error) {
	r, err := s.q.OperatorOffice(ctx, s.pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return Office{}, ErrUnknown
	}
	if err != nil {
		return Office{}, fmt.Errorf("find office %d: %w", id, err)
	}
	return Office{
		ID: r.ID, Code: r.Code, Name: r.Name, Cost: r.Cost, Cap: r.Cap, Near: r.Near, ReachedAt: forecast(r.ReachedAt),
	}, nil
}

// Spending is what the installation spent this month, and its cap.
type Spending struct {
	Spent     float64
	Cap       string    // "" for none
	Near      bool      // the cap is nearly spent
	ReachedAt time.Time // when it is, at this month's pace; zero when not this month
}

// Spending returns what all offices spent this month.
func (s *Service) Spending(ctx context.Context) (Spending, error) {
	r, err := s.q.InstallationSpending(ctx, s.pool)
	if err != nil {
		return Spending{}, fmt.Errorf("read what is spent: %w", err)
	}
	return Spending{r.Spent, r.Cap, r.Near, forecast(r.ReachedAt)}, nil
}

// costColumns are the headings of the file of costs: the catalogue's costs_file.<column>.
var costColumns = [...]string{"office", "month", "provider", "country", "network", "sends", "cost"}

// WriteCosts writes a month's costs ("2026-11") in a currency as CSV in the language of its reader: a line for each
// office, provider, country and network.
func (s *Service) WriteCosts(ctx context.Context, w io.Writer, language, currency, month string) error {
	rows, err := s.q.OperatorCosts(ctx, s.pool, month)
	if err != nil {
		return fmt.Errorf("read the costs of %s: %w", month, err)
	}
	var headings []string
	for _, column := range costColumns {
		headings = append(headings, locale.T(language, "costs_file."+column, "Currency", currency))
	}
	lines := [][]string{headings}
	for _, r := range rows {
		cost, err := strconv.ParseFloat(r.Cost, 64)
		if err != nil {
			return fmt.Errorf("read a cost of %s: %w", month, err)
		}
		lines = append(lines, []string{
			r.Office, r.Month, r.Provider, r.Country, r.Network, strconv.Itoa(int(r.Sends)),
			locale.Decimal(language, cost, 6),
		})
	}
	if err := sheet.Write(w, locale.T(language, "files.separator"), lines); err != nil {
		return fmt.Errorf("write costs: %w", err)
	}
	return nil
}
