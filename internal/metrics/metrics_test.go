package metrics_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbtest"
	"github.com/nightlatch/nightlatch/db/dbtest/factory"
	"github.com/nightlatch/nightlatch/handlers/web"
	"github.com/nightlatch/nightlatch/internal/audit"
	"github.com/nightlatch/nightlatch/internal/metrics"
	"github.com/nightlatch/nightlatch/internal/sms"
	"github.com/nightlatch/nightlatch/jobs"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var _ web.RequestMeter = (*metrics.Metrics)(nil)

// fixture returns metrics over a database of their own.
func fixture(t *testing.T) (*metrics.Metrics, dbtest.Database, *db.Pool) {
	t.Helper()
	d, pool := dbtest.New(t)
	return metrics.New(pool, []string{"vonage", "webhook"}, factory.Logger()), d, pool
}

func scrape(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("a scrape is answered with %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func tells(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, "\n"+l+"\n") {
			name, _, _ := strings.Cut(l, "{")
			name, _, _ = strings.Cut(name, " ")
			var near []string
			for _, have := range strings.Split(text, "\n") {
				if strings.HasPrefix(have, name) {
					near = append(near, have)
				}
			}
			t.Errorf("the scrape does not tell\n%s\nbut\n%s", l, strings.Join(near, "\n"))
		}
	}
}

func TestEverySeriesOfAKnownWordBeginsAtZero(t *testing.T) {
	t.Parallel()
	m, _, pool := fixture(t)
	m.Watch("web", pool)
	text := scrape(t, m)
	tells(t, text, `nightlatch_scrape_ok 1`, `nightlatch_workers_alive 0`,
		`nightlatch_queue_jobs{queue="`+jobs.QueueLogin+`",state="available"} 0`,
		`nightlatch_queue_oldest_seconds{queue="`+jobs.QueueUpkeep+`"} 0`,
		`nightlatch_logins_total{method="",outcome="sign_in_refused"} 0`,
		`nightlatch_logins_total{method="otp",outcome="signed_in"} 0`,
		`nightlatch_sends_total{class="account",provider="webhook"} 0`,
		`nightlatch_receipts_refused_total{provider="vonage"} 0`,
		`nightlatch_breaker_open{class="",provider="vonage"} 0`, `nightlatch_prefixes_stopped 0`,
		`nightlatch_help_requests_waiting 0`, `nightlatch_day_passes 0`, `nightlatch_exemptions 0`,
		`nightlatch_spend_this_month 0`,
		`nightlatch_challenges_last_hour{outcome="verified"} 0`,
		`nightlatch_messages_last_hour{channel="sms",state="failed"} 0`,
		`nightlatch_db_connections_max{pool="web"} 20`)
	for _, absent := range []string{"nightlatch_spend_cap", "nightlatch_provider_balance"} {
		if strings.Contains(text, "\n"+absent) {
			t.Errorf("%s is told although there is none", absent)
		}
	}
}

func TestWhatThisProcessDoesIsCounted(t *testing.T) {
	t.Parallel()
	m, _, _ := fixture(t)
	m.Sent("vonage", sms.Account, 120*time.Millisecond)
	m.Accepted("sms", 3*time.Second)
	m.Delivered("call", 40*time.Second)
	m.Wasted("webhook")
	m.Received("vonage", sms.Delivered)
	m.ReceiptRefused("vonage")
	m.Request("/login", http.MethodPost, http.StatusSeeOther, 30*time.Millisecond)
	m.Door(http.StatusUnauthorized)
	m.Request("", "BREW", http.StatusNotFound, time.Millisecond)
	m.Audited(audit.Event{Action: audit.SignedIn, Detail: "sms"})
	m.Audited(audit.Event{Action: audit.SignInRefused, Actor: audit.Person{Name: "jdoe"}})
	m.Audited(audit.Event{Action: audit.SecondFactorWait, Detail: "10 in a row"})
	m.Audited(audit.Event{Action: audit.CodeNotSent, Detail: "prefix"})
	m.Audited(audit.Event{Action: audit.CodeNotSent, Detail: "to +31 6 12345678"})
	m.Audited(audit.Event{Action: audit.UserCreated, Detail: "superuser"})
	text := scrape(t, m)
	tells(t, text, `nightlatch_sends_total{class="account",provider="vonage"} 1`,
		`nightlatch_send_seconds_bucket{provider="vonage",le="0.25"} 1`,
		`nightlatch_message_accepted_seconds_bucket{channel="sms",le="2.5"} 0`,
		`nightlatch_message_accepted_seconds_bucket{channel="sms",le="5"} 1`,
		`nightlatch_message_delivered_seconds_sum{channel="call"} 40`, `nightlatch_sends_wasted_total{provider="webhook"} 1`,
		`nightlatch_receipts_total{provider="vonage",status="delivered"} 1`,
		`nightlatch_receipts_refused_total{provider="vonage"} 1`,
		`nightlatch_http_requests_total{method="POST",route="/login",status="3xx"} 1`,
		`nightlatch_http_requests_total{method="other",route="unknown",status="4xx"} 1`,
		`nightlatch_door_checks_total{status="401"} 1`,
		`nightlatch_logins_total{method="sms",outcome="signed_in"} 1`,
		`nightlatch_logins_total{method="",outcome="sign_in_refused"} 1`,
		`nightlatch_logins_total{method="",outcome="second_factor_wait"} 1`,
		`nightlatch_sends_refused_total{reason="prefix"} 1`, `nightlatch_sends_refused_total{reason="other"} 1`)
	for _, private := range []string{"jdoe", "12345678", "BREW", "superuser"} {
		if strings.Contains(text, private) {
			t.Errorf("the scrape tells %q", private)
		}
	}
}

func TestWhatAllProcessesShareIsAskedOfTheDatabase(t *testing.T) {
	t.Parallel()
	m, d, pool := fixture(t)
	d.Exec(`insert into river_job (state, max_attempts, kind, queue, scheduled_at, args) values
		('available', 5, 'send_code', 'sms_login', now() - interval '90 s', '{}'),
		('available', 5, 'send_code', 'sms_login', now() - interval '10 s', '{}'),
		('retryable', 5, 'send_code', 'sms_login', now() + interval '1 h', '{}'),
		('running', 5, 'mail', 'mail', now() - interval '1 h', '{}')`)
	d.Exec(`insert into river_leader (elected_at, expires_at, leader_id) values (now(), now() + interval '15 s', 'x')`)
	d.Exec(`insert into providers (name, open_since, open_class, probe_at, balance) values
		('vonage', now(), 'account', now(), 3.14), ('webhook', null, '', null, null), ('gone', now(), 'retry', now(), 1)`)
	factory.Office(t, pool, factory.OfficeOpts{Code: "NEAR", MoneyCap: "10"})
	factory.Office(t, pool, factory.OfficeOpts{Code: "FAR", MoneyCap: "100"})
	free := factory.Office(t, pool, factory.OfficeOpts{Code: "FREE"}).ID
	d.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
		select id, date_trunc('month', now()), 'vonage', 'NL', '', 1, 8 from offices`)
	d.Exec(`insert into costs (office_id, month, provider, country, network, sends, cost)
		select id, date_trunc('month', now() - interval '40 days'), 'vonage', 'NL', '', 1, 500 from offices`)
	d.Exec(`insert into installation (key_fingerprint, money_cap) values ('x', 30)`)
	factory.User(t, pool, free, factory.UserOpts{})
	d.Exec(`insert into sessions (user_id, token_hash, address, user_agent, expires_at)
		select u.id, sha256(i::text::bytea), '', '', now() from users u, generate_series(1, 100) i`)
	d.Exec(`update sessions set pass_until = now() + make_interval(hours => case when id % 2 = 0 then 1 else -1 end)`)
	d.Exec(`insert into exemptions (user_id, reason, until) select id, 'away', now() + interval '1 day' from users`)
	// Three ranges of 30 codes: none entered, none entered but let go since, and six (20 %) entered.
	d.Exec(`insert into challenges (ref, session_id, user_id, purpose, number, country, language, code_mac, expires_at,
		ended_at, outcome)
		select 'r' || n, id, user_id, 'sign_in',
			case when n <= 30 then '+31611100000' when n <= 60 then '+31622200000' else '+31633300000' end,
			'NL', 'nl', '', now(), now(), case when n between 61 and 66 then 'verified' else 'expired' end
		from (select id, user_id, row_number() over (order by id) as n from sessions) s where n <= 90`)
	d.Exec(`insert into prefix_releases (prefix) select distinct prefix from challenges where number = '+31622200000'`)
	d.Exec(`insert into messages (challenge_id, send_no, state, final, accepted_at)
		select id, 1, case when outcome = 'verified' then 'delivered' else 'accepted' end, true, now() from challenges`)

	text := scrape(t, m)
	tells(t, text, `nightlatch_scrape_ok 1`, `nightlatch_workers_alive 1`,
		`nightlatch_queue_jobs{queue="sms_login",state="available"} 2`,
		`nightlatch_queue_jobs{queue="sms_login",state="retryable"} 1`,
		`nightlatch_queue_jobs{queue="mail",state="running"} 1`,
		`nightlatch_breaker_open{class="account",provider="vonage"} 1`,
		`nightlatch_breaker_open{class="",provider="webhook"} 0`,
		`nightlatch_provider_balance{provider="vonage"} 3.14`, `nightlatch_spend_this_month 24`, `nightlatch_spend_cap 30`,
		`nightlatch_offices_near_cap 1`,
		`nightlatch_challenges_last_hour{outcome="verified"} 6`, `nightlatch_challenges_last_hour{outcome="expired"} 84`,
		`nightlatch_messages_last_hour{channel="sms",state="delivered"} 6`, `nightlatch_prefixes_stopped 1`,
		`nightlatch_day_passes 50`, `nightlatch_exemptions 1`)
	if !strings.Contains(text, `nightlatch_queue_oldest_seconds{queue="sms_login"} 9`) {
		t.Errorf("the oldest job of 90 s is not told: %s", text)
	}
	if strings.Contains(text, `"gone"`) {
		t.Error("a provider that is not configured is told")
	}
}

func TestADatabaseThatDoesNotAnswerTakesAwayItsPartAloneAndSoon(t *testing.T) {
	t.Parallel()
	m, _, pool := fixture(t)
	m.Wasted("vonage")
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "lock table messages"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	text := scrape(t, m)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the scrape took %s", took)
	}
	tells(t, text, `nightlatch_scrape_ok 0`, `nightlatch_sends_wasted_total{provider="vonage"} 1`)
	if strings.Contains(text, "\nnightlatch_queue_jobs") {
		t.Error("half of the database's part is told")
	}
	if err := tx.Rollback(context.Background()); err != nil {
		t.Fatal(err)
	}
	tells(t, scrape(t, m), `nightlatch_scrape_ok 1`)
}

func TestNoFreeConnectionIsToldAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	small, err := db.Connect(t.Context(), dbtest.URL(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(small.Close)
	pool := db.NewPool(small)
	m := metrics.New(pool, nil, factory.Logger())
	m.Watch("web", pool)
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	began := time.Now()
	text := scrape(t, m)
	if took := time.Since(began); took > 1800*time.Millisecond {
		t.Errorf("the scrape took %s", took)
	}
	tells(t, text, `nightlatch_scrape_ok 0`, `nightlatch_db_connections_in_use{pool="web"} 1`,
		`nightlatch_db_connections_max{pool="web"} 1`)
}
