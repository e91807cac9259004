package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/nightlatch/nightlatch/e2e/program"
	"github.com/nightlatch/nightlatch/internal/sms/smstest"
)

// chaos is one run: two nodes and a worker on one database, users who log in, and faults drawn at random.
type chaos struct {
	t        *testing.T
	in       *program.Installation
	pg       *program.Postgres
	pool     *pgxpool.Pool
	provider *smstest.Stub
	phones   *phones
	members  []*program.Member // two nodes and a worker
	nodes    []string          // where the nodes are
	history  history

	struck    map[string]int // faults by kind
	chronicle []string
	asleep    atomic.Bool // somebody is stopped for 90 s
	stopping  atomic.Bool
	lasting   sync.WaitGroup // faults that last
	halt      chan struct{}
}

// over reports whether the users should come to an end.
func (c *chaos) over() bool { return c.stopping.Load() }

// sleep waits, but not beyond the end of the run.
func (c *chaos) sleep(d time.Duration) {
	select {
	case <-c.halt:
	case <-time.After(d):
	}
}

func (c *chaos) background(do func()) { c.lasting.Go(do) }

// exec changes the database under its faults, and reports whether it did.
func (c *chaos) exec(sql string, args ...any) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	_, err := c.pool.Exec(ctx, sql, args...)
	return err == nil
}

// ask answers one value as text, if the database is there.
func (c *chaos) ask(sql string, args ...any) (string, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	var value string
	err := c.pool.QueryRow(ctx, "select ("+sql+")::text", args...).Scan(&value)
	return value, err == nil
}

// TestChaos lets faults come at random over two nodes, a worker, their database and their provider, while users log in;
// and judges, when all is quiet again, what must hold whatever happened.
//
//	go test ./e2e/chaos -run TestChaos -v -args -chaos.for 10m -chaos.seed 7
func TestChaos(t *testing.T) {
	t.Parallel()
	lasts, seed := shortChaos, uint64(shortSeed)
	if program.Long() {
		lasts, seed = *program.ChaosFor, rand.Uint64N(1_000_000)+1
	}
	if *program.ChaosSeed != 0 {
		seed = *program.ChaosSeed
	}
	t.Logf("-chaos.seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	c := newChaos(t)
	people := c.populate()

	watching, stopWatching := context.WithCancel(context.Background())
	e := &evidence{}
	var watch sync.WaitGroup
	watch.Go(func() { e.samples = c.watch(watching) })
	watch.Go(func() { c.letTimePass(watching) })

	began := time.Now()
	var all sync.WaitGroup
	for _, live := range people.lives(rand.New(rand.NewPCG(seed, 2))) {
		all.Go(live)
	}
	c.inject(began.Add(lasts), random)

	c.stopping.Store(true)
	close(c.halt)
	c.lasting.Wait()
	c.provider.Script()
	all.Wait()
	c.settle()
	stopWatching()
	watch.Wait()

	e.acts, e.calls = c.history.acts, c.provider.Received()
	if err := e.gather(context.Background(), c.pool); err != nil {
		t.Fatal(err)
	}
	c.tell(e, time.Since(began))
	for _, i := range invariants() {
		for n, violation := range i.judge(e) {
			if n == 10 {
				t.Errorf("%s: and more", i.name)
				break
			}
			t.Errorf("%s (%s): %s", i.name, i.rule, violation)
		}
	}
	c.wasLively(e)
	if t.Failed() {
		c.keep()
	}
}

func newChaos(t *testing.T) *chaos {
	c := &chaos{
		t: t, phones: &phones{last: map[string]smstest.Message{}}, struck: map[string]int{}, halt: make(chan struct{}),
	}
	c.in, c.pg = program.InstallOnOwn(t)
	c.provider = smstest.New(c.phones.receive)
	server := httptest.NewServer(c.provider)
	t.Cleanup(server.Close)
	t.Cleanup(c.provider.Close)
	c.in.Env["VONAGE_BASE_URL"] = server.URL + "/sms"
	cfg, err := pgxpool.ParseConfig(c.pg.URL())
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxConns = 4
	cfg.ConnConfig.RuntimeParams["application_name"] = program.Saboteur
	if c.pool, err = pgxpool.NewWithConfig(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.pool.Close)
	return c
}

// cast are the people of a run by what they do.
type cast struct {
	texters, appers, victims []*person
	boss, switcher, voter    *person
}

// populate makes the offices, their users and the processes, while nothing is broken yet.
func (c *chaos) populate() *cast {
	in := c.in
	program.Succeeds(c.t, in.Env, "", "office", "create", "--code", "SWITCH", "--name", "Switch and Sons")
	in.User("jdoe", "user", "")
	in.Exec(`insert into users (office_id, username, name, role, password_hash)
		select o.id, w.username, 'Somebody', w.role, (select password_hash from users where username = 'jdoe')
		from offices o join (values ('ACME', 'boss', 'superuser'), ('SWITCH', 'switcher', 'superuser'),
			('SWITCH', 'voter', 'user')) w (code, username, role)
			on w.code = o.code
		union all
		select id, kind || i, 'Somebody', 'user', (select password_hash from users where username = 'jdoe')
		from offices, unnest(array['texter', 'apper', 'victim']) kind,
			generate_series(1, case kind when 'texter' then 10 when 'apper' then 3 else 2 end) i
		where code = 'ACME'`)
	// Numbers of many ranges, as the users of several offices have.
	in.Exec(`insert into mobile_numbers (user_id, number, country, confirmed_at)
		select id, '+316' || (10000000 + id * 1234567 % 79999999), 'NL', now() from users where username !~ '^(jdoe|apper)'`)
	people := &cast{}
	one := func(username string) *person {
		var p person
		p.run, p.username = c, username
		err := in.Pool.QueryRow(context.Background(), `select u.id, u.office_id, o.code, coalesce(m.number, '') from users u
			join offices o on o.id = u.office_id left join mobile_numbers m on m.user_id = u.id
				where username = $1`, username).Scan(&p.id, &p.office, &p.code, &p.number)
		if err != nil {
			c.t.Fatal(err)
		}
		return &p
	}
	many := func(kind string, n int) (all []*person) {
		for i := range n {
			all = append(all, one(kind+strconv.Itoa(i+1)))
		}
		return all
	}
	people.texters, people.appers, people.victims = many("texter", 10), many("apper", 3), many("victim", 2)
	people.boss, people.switcher, people.voter = one("boss"), one("switcher"), one("voter")

	c.members = []*program.Member{
		program.Supervise(c.t, in.Env, "node one", ""), program.Supervise(c.t, in.Env, "node two", ""),
		program.Supervise(c.t, in.Env, "worker", "work"),
	}
	c.nodes = []string{c.members[0].URL, c.members[1].URL}
	c.ready()
	for _, p := range people.appers {
		p.enrol(program.NewBrowser(c.t, c.nodes[0]))
	}
	return people
}

// lives are what each of them does, on a random of its own.
func (people *cast) lives(random *rand.Rand) []func() {
	var all []func()
	own := func(p *person) *person {
		p.random = rand.New(rand.NewPCG(random.Uint64(), uint64(p.id)))
		return p
	}
	for _, p := range people.texters {
		all = append(all, own(p).texter)
	}
	for _, p := range people.appers {
		all = append(all, own(p).apper)
	}
	for _, p := range people.victims {
		own(p)
	}
	boss, switcher, voter := own(people.boss), own(people.switcher), own(people.voter)
	return append(all, func() { boss.resetter(people.victims) }, func() { switcher.switcher(voter) })
}

// ready waits until both nodes serve.
func (c *chaos) ready() {
	c.t.Helper()
	for _, node := range c.nodes {
		program.Eventually(c.t, program.StartPatience, node+" is ready", func() bool {
			res, err := (&http.Client{Timeout: 5 * time.Second}).Get(node + "/readyz")
			if err != nil {
				return false
			}
			_ = res.Body.Close()
			return res.StatusCode == http.StatusOK
		})
	}
}

// letTimePass moves what is over into the past, and ends waits: a run's users live through weeks, and no limit of an
// hour or a day stops the run. It touches no count and nothing that is under way.
func (c *chaos) letTimePass(ctx context.Context) {
	for ctx.Err() == nil {
		c.exec(`with old as (
				update challenges c set created_at = created_at - interval '2 days', asked_at = asked_at - interval '2 days',
					expires_at = expires_at - interval '2 days'
				where ended_at < now() - interval '5 seconds' and created_at > now() - interval '1 day'
					and not exists (select 1 from messages m where m.challenge_id = c.id and not m.final)
				returning id), aged as (
				update messages set queued_at = queued_at - interval '2 days', accepted_at = accepted_at - interval '2 days'
				where challenge_id in (select id from old) returning id)
			update sends set started_at = started_at - interval '2 days', finished_at = finished_at - interval '2 days'
			where message_id in (select id from aged)`)
		c.exec("update factor_failures set wait_until = null, in_a_day = 0, from_strangers = 0, locked_at = null where " +
			"wait_until > now() or in_a_day > 5")
		c.exec("update password_failures set next_try_at = now() where next_try_at > now() + interval '2 seconds'")
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// settle lets every code expire and waits until the queue is quiet. What does not become quiet is the judges' to say.
func (c *chaos) settle() {
	c.pool.Reset()
	for _, m := range c.members {
		m.Signal(syscall.SIGCONT)
	}
	c.ready()
	c.exec(`update challenges set created_at = created_at - interval '7 minutes',
		asked_at = asked_at - interval '7 minutes',
		expires_at = expires_at - interval '7 minutes' where ended_at is null`)
	quiet := func(sql string) bool { n, ok := c.ask(sql); return ok && n == "0" }
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		// A send that runs for longer than a job may has lost its worker: its minute until the rescue is made shorter.
		c.exec(`update river_job set attempted_at = attempted_at - interval '1 minute'
			where kind = 'send_code' and state = 'running' and attempted_at between now() - interval '1 minute'
				and now() - interval '20 seconds'`)
		if quiet("select count(*) from river_job where kind = 'send_code' and finalized_at is null") &&
			quiet("select count(*) from challenges where ended_at is null") {
			return
		}
	}
}

// tell says what happened, in numbers.
func (c *chaos) tell(e *evidence, took time.Duration) {
	c.t.Helper()
	duplicates := map[string]int{}
	for _, m := range program.MayHaveSent(e.calls) {
		duplicates[m.Ref]++
	}
	twice := 0
	for _, n := range duplicates {
		if n > 1 {
			twice++
		}
	}
	second := 0
	for _, s := range e.sessions {
		if s.Level == 2 {
			second++
		}
	}
	struck := 0
	for _, n := range c.struck {
		struck += n
	}
	starts := 0
	for _, m := range c.members {
		starts += m.Starts
	}
	outcomes, states := map[string]int{}, map[string]int{}
	for _, ch := range e.challenges {
		outcomes[ch.Outcome]++
	}
	for _, m := range e.messages {
		states[m.State]++
	}
	c.t.Logf(`chaos, %s:
  log-ins begun %d, completed with two factors %d (refused codes %d)
  requests without an answer or with 503: %d of %d acts
  codes %d (%s), messages %d (%s)
  calls to the provider %d, that may have sent %d; messages sent twice %d, more often %d
  resets %d, activations %d, switched off %d; starts of processes %d
  faults %d: %s
  invariants checked %d, counters sampled %d times`,
		took.Round(time.Second), len(e.sessions), second, c.history.count("code", gotWrong)+c.history.count("app", gotWrong)+
			c.history.count("recovery", gotWrong),
		countAll(e.acts, gotUnknown)+countAll(e.acts, gotBusy), len(e.acts), len(e.challenges),
		program.CountedWords(outcomes), len(e.messages), program.CountedWords(states),
		len(e.calls), len(program.MayHaveSent(e.calls)), twice, len(judgeCalls(e)), c.history.count("reset", gotDone),
		c.history.count("activate", gotDone),
		c.history.count("switch_off", gotDone), starts, struck, program.CountedWords(c.struck),
		len(invariants()), len(e.samples))
}

func countAll(acts []act, answer string) int {
	n := 0
	for _, a := range acts {
		if a.answer == answer {
			n++
		}
	}
	return n
}

// wasLively fails a run in which so little happened that its invariants say nothing. A short one on a busy machine has
// time for a few log-ins alone; that each invariant can fail is a test of its own.
func (c *chaos) wasLively(e *evidence) {
	c.t.Helper()
	if n := c.history.count("code", gotIn); n == 0 || program.Long() && n < 50 {
		c.t.Errorf("only %d codes let somebody in", n)
	}
	if len(e.samples) == 0 {
		c.t.Error("no counter was read")
	}
	if program.Long() && (c.history.count("app", gotIn) == 0 || c.history.count("code", gotWrong) == 0) {
		c.t.Error("nobody signed in by app, or no code was wrong")
	}
	if program.Long() && (c.history.count("reset", gotDone) == 0 || c.history.count("activate", gotDone) == 0) {
		c.t.Error("nobody was reset, or no office switched")
	}
	if len(c.struck) < 4 {
		c.t.Errorf("only these faults struck: %s", program.CountedWords(c.struck))
	}
}

// keep leaves what a failure is understood by: the faults in order, what the processes logged, what the users saw.
func (c *chaos) keep() {
	dir, err := os.MkdirTemp("", "nightlatch-chaos-")
	if err != nil {
		c.t.Log(err)
		return
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			c.t.Log(err)
		}
	}
	write("faults.txt", strings.Join(c.chronicle, "\n")+"\n")
	for _, m := range c.members {
		write(strings.ReplaceAll(m.Name, " ", "-")+".log", m.Log.String())
	}
	var acts strings.Builder
	for _, a := range c.history.acts {
		fmt.Fprintf(&acts, "%s %s user %d %s %s: %s\n", a.began.Format("15:04:05.000"), a.ended.Format("15:04:05.000"),
			a.user, a.kind, a.key, a.answer)
	}
	write("acts.txt", acts.String())
	c.t.Logf("the faults, the logs and the acts are in %s", dir)
}
