// Package rollout takes an office from No to everybody in: who is ready and who is not and why, whom a superuser
// reminds, and what is tried before the date. What is demanded, and from when, is an office's policy: see package
// office.
package rollout

import (
	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/account"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// Service answers for all offices.
type Service struct {
	pool *db.Pool
	q    *dbsqlc.Queries
	ways *account.Ways
	log  *audit.Log
}

// New returns the Service.
func New(pool *db.Pool, ways *account.Ways, log *audit.Log) *Service {
	return &Service{pool, dbsqlc.New(), ways, log}
}
