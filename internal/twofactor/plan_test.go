package twofactor_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbtest"
)

// Statistics may have been taken while nobody waited, and a plan is kept: a statement about one session or user must
// not read everybody's live challenges, however few there seem to be.
func TestNoStatementAboutASessionReadsEverybodysChallenges(t *testing.T) {
	t.Parallel()
	d, pool := dbtest.New(t)
	d.Exec(`insert into offices (code, name) values ('ACME', 'Acme');
		insert into users (office_id, username, name, role, password_hash)
		select id, 'user' || n, 'User', 'user', 'x' from offices, generate_series(1, 500) n;
		insert into sessions (user_id, token_hash, level, methods, address, user_agent, password_at, expires_at)
		select id, sha256((n || username)::bytea), 1, '{pwd}', '192.0.2.1', '', now(), now() + interval '1 hour'
		from users, generate_series(1, 10) n;
		insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, expires_at, ended_at,
			outcome)
		select gen_random_uuid(), id, user_id, 'sign_in', '+31612345678', 'NL', 'en', 'x', now(), now(), 'expired'
		from sessions;
		analyze`)
	raw, err := os.ReadFile("../../db/queries/challenge.sql")
	if err != nil {
		t.Fatal(err)
	}
	param := regexp.MustCompile(`@\w+`)
	seen := 0
	for _, query := range strings.Split(string(raw), "-- name: ")[1:] {
		name, sql, _ := strings.Cut(query, "\n")
		if !strings.Contains(sql, "session_id = @session_id") && !strings.Contains(sql, "user_id = @user_id") {
			continue
		}
		seen++
		var order []string
		sql = param.ReplaceAllStringFunc(sql, func(p string) string {
			for i, known := range order {
				if known == p {
					return fmt.Sprintf("$%d", i+1)
				}
			}
			order = append(order, p)
			return fmt.Sprintf("$%d", len(order))
		})
		err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			nulls := strings.TrimSuffix(strings.Repeat("null, ", len(order)), ", ")
			for _, sql := range []string{"set local plan_cache_mode = force_generic_plan", "prepare asked as " + sql} {
				if _, err := tx.Exec(t.Context(), sql); err != nil {
					return err
				}
			}
			rows, err := tx.Query(t.Context(), "explain execute asked ("+nulls+")", pgx.QueryExecModeSimpleProtocol)
			if err != nil {
				return err
			}
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			for i, line := range plan {
				if strings.Contains(line, " on challenges") && strings.Contains(line, "Scan") &&
					!strings.Contains(strings.Join(plan[i:min(i+2, len(plan))], ""), "Cond: ") {
					t.Errorf("%s reads all:\n%s", name, strings.Join(plan, "\n"))
				}
			}
			if err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), "deallocate asked")
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if seen < 6 {
		t.Errorf("%d statements are about a session or a user", seen)
	}
}
