package account

import (
	"context"
	"fmt"
	"time"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/network"
)

const (
	// maxAccounts may fail from one address in an hour before everybody new there has to wait: somebody walks through a
	// list. Who mistypes their own name and password is one account, however often.
	maxAccounts = 20
	// officeFactor: an address from which somebody came in during the last day is an office's, where many mistype on a
	// Monday.
	officeFactor = 10
	// brakeWait is what is answered meanwhile.
	brakeWait = time.Minute
)

// brake returns *Delay while too many accounts have failed from an address. Browsers that the user is known in pass,
// and so does every address of an own network: behind a proxy that nobody told us to believe, it would be everybody's.
func (s *Service) brake(ctx context.Context, address string, known bool) error {
	if known || network.Of(address).Own() {
		return nil
	}
	tries, err := s.q.AddressTries(ctx, s.pool, address)
	if err != nil {
		return fmt.Errorf("count the accounts tried from an address: %w", err)
	}
	most := maxAccounts
	if tries.Trusted {
		most *= officeFactor
	}
	if int(tries.Failed) >= most {
		return &Delay{brakeWait}
	}
	return nil
}

func (s *Service) failedFrom(ctx context.Context, address, account string) error {
	if network.Of(address).Own() {
		return nil
	}
	if err := s.q.AddressFailed(ctx, s.pool, dbsqlc.AddressFailedParams{Address: address, Account: account}); err != nil {
		return fmt.Errorf("note a failure from an address: %w", err)
	}
	return nil
}

func (s *Service) cameFrom(ctx context.Context, address, account string) error {
	if network.Of(address).Own() {
		return nil
	}
	if err := s.q.AddressSucceeded(ctx, s.pool, dbsqlc.AddressSucceededParams{Address: address,
		Account: account}); err != nil {
		return fmt.Errorf("note a success from an address: %w", err)
	}
	return nil
}
