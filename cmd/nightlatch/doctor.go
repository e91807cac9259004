package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db"
	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/keys"
	"github.com/nightlatch/nightlatch/internal/keys/rotation"
)

const (
	// oldestServer is the PostgreSQL that the statements and the tests are written for.
	oldestServer = 15
	// clockLimit is how far this machine's clock may be from the database's: an app's code lives 30 s.
	clockLimit = 5 * time.Second
	// queueLimit is how long a job may be due: a code lives 5 minutes.
	queueLimit = 60 * time.Second
	// balanceWarn is the account's balance under which to warn, unless NIGHTLATCH_BALANCE_WARN says another.
	balanceWarn = 10.0
)

// doctor looks at an installation and says, a line for each thing, what is well and what is not. It changes
// nothing, sends nothing, and prints no secret and no number.
type doctor struct {
	cfg      config
	env      map[string]string
	out      io.Writer
	q        *dbsqlc.Queries
	problems int
}

type doctorCommand struct{}

// Run examines the installation. A wrong environment is its first finding.
func (doctorCommand) Run(ctx context.Context, env variables, std stdio) error {
	cfg, wrong := readConfig(env)
	return examine(ctx, cfg, wrong, env, std.out)
}

// examine runs the command nightlatch doctor. Its error counts the problems; warnings are no error. wrong is
// what readConfig had to say.
func examine(ctx context.Context, cfg config, wrong error, env map[string]string, out io.Writer) error {
	d := &doctor{cfg: cfg, env: env, out: out, q: dbsqlc.New()}
	if wrong != nil {
		d.problem("The environment: %s.", wrong)
	} else {
		d.settings()
		ring := d.keyFile()
		d.database(ctx, ring)
	}
	switch d.problems {
	case 0:
		return nil
	case 1:
		return errors.New("doctor found 1 problem")
	}
	return fmt.Errorf("doctor found %d problems", d.problems)
}

func (d *doctor) ok(format string, args ...any)      { d.say("ok", format, args...) }
func (d *doctor) warning(format string, args ...any) { d.say("warning", format, args...) }
func (d *doctor) problem(format string, args ...any) {
	d.problems++
	d.say("problem", format, args...)
}

// say prints one line; an error's text may have several.
func (d *doctor) say(state, format string, args ...any) {
	text := strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")
	fmt.Fprintf(d.out, "%-8s %s\n", state, longNumber.ReplaceAllString(text, "[number]"))
}

// settings looks at what the environment says, asking nobody.
func (d *doctor) settings() {
	if d.cfg.url.Scheme == "https" {
		d.ok("Browsers reach this installation at %s.", d.cfg.url)
	} else {
		d.warning("NIGHTLATCH_URL is %s: browsers on this machine alone get in. Put a proxy with TLS in front and set NIGHTLATCH_URL to its https origin.", d.cfg.url)
	}
	switch d.cfg.provider {
	case "":
		d.problem("%s.", errNoProvider)
	case "demo":
		d.warning("SMS_PROVIDER is demo: every code shows on a page and no message is sent. Set SMS_PROVIDER=vonage for an office.")
	default:
		if _, err := newProviders(d.cfg, d.cfg.url.String(), nil); err != nil {
			d.problem("The settings of %s: %s.", d.cfg.provider, err)
		} else {
			d.ok("The settings of %s have the right form. Whether its account works shows with the first message.", d.cfg.provider)
		}
	}
	if d.cfg.provider == "vonage" && d.cfg.vonage["VONAGE_SIGNATURE_SECRET"] == "" {
		d.warning("VONAGE_SIGNATURE_SECRET is not set: no receipts are taken, so nobody learns whether a message reached its phone. Switch signed webhooks on at Vonage (SHA-256 HMAC) and set the secret.")
	}
	switch {
	case d.cfg.isDemo():
		d.ok("Mails show on /demo/mailbox, and none is sent.")
	case d.cfg.mail != nil:
		d.ok("SMTP_URL and MAIL_FROM have the right form. Whether the mail server takes mails shows with the first one.")
	default:
		d.ok("No mail is sent, since SMTP_URL is not set: who forgets a password needs a superuser, and notices show on screen alone.")
	}
}

// keyFile answers the keys, nil when they cannot be read.
func (d *doctor) keyFile() *keys.Ring {
	if d.cfg.keyFile == "" {
		d.problem("NIGHTLATCH_KEY_FILE is not set. Name a file of mode 0600 with one base64 32-byte key a line.")
		return nil
	}
	ring, err := keys.Load(d.cfg.keyFile) // Load, not LoadOrMake: looking makes nothing
	if errors.Is(err, os.ErrNotExist) && d.cfg.keyFileMake {
		d.warning("There is no key file at %s yet: the first nightlatch serve makes it.", d.cfg.keyFile)
		return nil
	}
	if err != nil {
		d.problem("The key file: %s. Put it back from its backup if it is lost: without it no authenticator app works.", err)
		return nil
	}
	d.ok("The key file can be read by its owner alone; its newest key has the fingerprint %s.", ring.Fingerprint())
	return ring
}

// database asks the database, in the order in which one thing needs the other.
func (d *doctor) database(ctx context.Context, ring *keys.Ring) {
	if d.cfg.databaseURL == "" {
		if _, err := os.Stat(d.cfg.data); err != nil {
			d.problem("There is no installation here: DATABASE_URL is not set, and there is no folder %s. Set DATABASE_URL, or run nightlatch serve once.", d.cfg.data)
			return
		}
	}
	url, closeDB, err := openDatabase(ctx, d.cfg, false)
	if err != nil {
		d.problem("The local database: %s.", err)
		return
	}
	defer closeDB()
	pgxPool, err := db.Connect(ctx, url, 1)
	if err != nil {
		d.problem("The database does not answer: %s. Check DATABASE_URL, the network, and that PostgreSQL runs.", err)
		return
	}
	defer pgxPool.Close()
	pool := db.NewPool(pgxPool)
	if err := d.server(ctx, pool); err != nil {
		d.problem("The database: %s.", err)
		return
	}
	if err := db.Current(ctx, pool); err != nil {
		d.problem("%s.", capital(err.Error()))
		return
	}
	d.ok("The schema is this program's.")
	for _, look := range []func(context.Context, *db.Pool) error{
		func(ctx context.Context, pool *db.Pool) error { return d.fingerprint(ctx, pool, ring) },
		d.workers, d.providers, d.delivery, d.money, d.people,
	} {
		if err := look(ctx, pool); err != nil {
			d.problem("The database: %s.", err)
		}
	}
}

// server looks at PostgreSQL itself and at its clock, by which codes expire.
func (d *doctor) server(ctx context.Context, pool *db.Pool) error {
	before := time.Now()
	row, err := d.q.DoctorClock(ctx, pool)
	if err != nil {
		return fmt.Errorf("ask for its version: %w", err)
	}
	off := apart(before, time.Now(), row.Now)
	if major := row.Version / 10_000; major < oldestServer {
		d.problem("The database is PostgreSQL %d. Version %d or newer is needed.", major, oldestServer)
	} else {
		d.ok("The database answers: PostgreSQL %d.", major)
	}
	if off > clockLimit {
		d.problem("This machine's clock is %s away from the database's: codes of authenticator apps will be refused. Set both by NTP.", off.Round(time.Second))
	} else {
		d.ok("The clocks of this machine and of the database agree.")
	}
	return nil
}

// apart is how far another clock is off for certain: it was read somewhere between before and after.
func apart(before, after, there time.Time) time.Duration {
	return max(before.Sub(there), there.Sub(after), 0)
}

func (d *doctor) fingerprint(ctx context.Context, pool *db.Pool, ring *keys.Ring) error {
	fingerprint, err := d.q.InstallationKey(ctx, pool)
	if errors.Is(err, pgx.ErrNoRows) {
		d.ok("The database belongs to no key yet: the first command that opens it decides.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the key's fingerprint: %w", err)
	}
	switch {
	case ring == nil: // said already
	case !ring.Has(fingerprint):
		d.problem("The key file is not this database's, which was made with the key of fingerprint %s. Put that key back: as a further line if there are others.", fingerprint)
	default:
		d.ok("The key file belongs to this database.")
		return d.oldKeys(ctx, pool, ring)
	}
	return nil
}

// oldKeys looks at a rotation under way, and at what needs keys that the file has not.
func (d *doctor) oldKeys(ctx context.Context, pool *db.Pool, ring *keys.Ring) error {
	state, err := d.q.KeyState(ctx, pool)
	if err != nil {
		return fmt.Errorf("read which key seals: %w", err)
	}
	if state.KeyNext != "" {
		d.warning("A new key of fingerprint %s waits: when nightlatch keys status shows that every node has it, run nightlatch keys rotate --promote.", state.KeyNext)
	}
	uses, err := rotation.UsesOf(ctx, pool, ring)
	if err != nil {
		return err
	}
	for _, use := range uses.Missing {
		d.problem("The key with the id %x is not in the key file: without it %d authenticator apps and %d recovery codes do not work. Put it back as a further line.", use.KeyID, use.Secrets, use.RecoveryCodes)
	}
	if len(uses.Missing) == 0 {
		d.ok("Every key that something was sealed with is in the key file.")
	}
	return nil
}

// workers looks at who sends the codes.
func (d *doctor) workers(ctx context.Context, pool *db.Pool) error {
	working, err := d.q.MetricsWorking(ctx, pool)
	if err != nil {
		return fmt.Errorf("look for workers: %w", err)
	}
	if working {
		d.ok("A process works jobs.")
	} else {
		d.problem("No process works jobs: no code is sent. Start nightlatch serve, or nightlatch serve --only work.")
	}
	paused, err := d.q.MetricsPausedQueues(ctx, pool)
	if err != nil {
		return fmt.Errorf("look for paused queues: %w", err)
	}
	for _, queue := range paused {
		d.problem("The queue %s is paused: its jobs wait. Resume it on the operator's page of jobs.", queue)
	}
	ages, err := d.q.MetricsQueueAges(ctx, pool)
	if err != nil {
		return fmt.Errorf("age the jobs: %w", err)
	}
	late := false
	for _, r := range ages {
		if age := seconds(r.Seconds); age > queueLimit {
			late = true
			d.problem("The oldest job in the queue %s has been waiting for %s. Look at the log of the workers.", r.Queue, roughly(age))
		}
	}
	if !late {
		d.ok("No job waits longer than %s.", roughly(queueLimit))
	}
	return nil
}

func (d *doctor) providers(ctx context.Context, pool *db.Pool) error {
	rows, err := d.q.MetricsProviders(ctx, pool)
	if err != nil {
		return fmt.Errorf("read the providers: %w", err)
	}
	least, err := d.leastBalance()
	if err != nil {
		d.problem("%s.", err)
	}
	// One that was taken out of the configuration neither alarms nor passes for a way out.
	rows = slices.DeleteFunc(rows, func(r dbsqlc.MetricsProvidersRow) bool { return !slices.Contains(d.cfg.providers(), r.Name) })
	d.breakers(rows)
	for _, r := range rows {
		if !math.IsNaN(r.Balance) && r.Balance < least {
			d.warning("The account at %s has %.2f left. Add money, or switch automatic top-up on.", r.Name, r.Balance)
		}
	}
	return nil
}

// breakers warns of what is not used, and calls it a problem when nothing else is left.
func (d *doctor) breakers(rows []dbsqlc.MetricsProvidersRow) {
	closed := slices.ContainsFunc(rows, func(r dbsqlc.MetricsProvidersRow) bool { return !r.Open })
	tell, open := d.problem, 0
	if closed {
		tell = d.warning
	}
	for _, r := range rows {
		if r.Open {
			open++
			tell("The breaker of %s has been open for %s (%s, status %s). Look at its account and its status page; it closes by itself when a probe succeeds.",
				r.Name, roughly(seconds(r.OpenSeconds)), r.OpenClass, r.OpenStatus)
		}
	}
	if open == 0 {
		d.ok("No breaker is open.")
	}
}

func (d *doctor) leastBalance() (float64, error) {
	text := strings.TrimSpace(d.env["NIGHTLATCH_BALANCE_WARN"])
	if text == "" {
		return balanceWarn, nil
	}
	least, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return balanceWarn, errors.New("NIGHTLATCH_BALANCE_WARN should be an amount such as 10")
	}
	return least, nil
}

// delivery looks at when a message last arrived.
func (d *doctor) delivery(ctx context.Context, pool *db.Pool) error {
	row, err := d.q.DoctorDelivery(ctx, pool)
	if err != nil {
		return fmt.Errorf("look for the last message: %w", err)
	}
	delivered, asked := seconds(row.DeliveredSeconds), seconds(row.AskedSeconds)
	switch {
	case asked < 0:
		d.ok("No message has been asked for yet.")
	case delivered < 0:
		d.warning("The last message was asked for %s ago, and none is known to have reached a phone. Check the receipts: VONAGE_SIGNATURE_SECRET, and that the provider reaches %s.", roughly(asked), d.cfg.url)
	case delivered-asked > time.Hour:
		d.warning("The last message was asked for %s ago, but the last that is known to have reached a phone %s ago. Look at the operator's overview.", roughly(asked), roughly(delivered))
	default:
		d.ok("The last message that reached a phone was asked for %s ago.", roughly(delivered))
	}
	return nil
}

func (d *doctor) money(ctx context.Context, pool *db.Pool) error {
	m, err := d.q.MetricsSpend(ctx, pool)
	if err != nil {
		return fmt.Errorf("add up this month's costs: %w", err)
	}
	stopped, err := d.q.MetricsPrefixes(ctx, pool)
	if err != nil {
		return fmt.Errorf("count the stopped prefixes: %w", err)
	}
	switch {
	case math.IsNaN(m.Cap):
		d.warning("The installation has no money cap, which bounds what toll fraud can cost. docs/operating.md says how to set one.")
	case m.Spent >= m.Cap:
		d.problem("This month's money is spent (%.2f of %.2f): no message is sent. Find out why before raising the cap.", m.Spent, m.Cap)
	case m.Spent >= 0.8*m.Cap:
		d.warning("%.2f of this month's %.2f is spent. Find out why before raising the cap.", m.Spent, m.Cap)
	default:
		d.ok("%.2f of this month's %.2f is spent.", m.Spent, m.Cap)
	}
	if m.OfficesNearCap > 0 {
		d.warning("%d offices have spent 80 %% or more of their own cap. See the operator's page of offices.", m.OfficesNearCap)
	}
	if stopped > 0 {
		d.warning("%d ranges of numbers are stopped, since few of their codes are entered. See docs/operating.md, NightlatchPrefixStopped.", stopped)
	}
	return nil
}

// people looks at who can help when somebody is locked out.
func (d *doctor) people(ctx context.Context, pool *db.Pool) error {
	codes, err := d.q.DoctorLockedOut(ctx, pool)
	if err != nil {
		return fmt.Errorf("look for offices without a superuser: %w", err)
	}
	for _, code := range codes {
		d.warning("Office %s demands two factors, and no superuser there has a confirmed one yet. Ask a superuser to sign in and choose one.", code)
	}
	operators, err := d.q.DoctorOperators(ctx, pool)
	if err != nil {
		return fmt.Errorf("count the operators: %w", err)
	}
	if operators == 0 {
		d.warning("There is no operator: nobody can see why a user is waiting. Make one with nightlatch operator create.")
	} else {
		d.ok("There is an operator.")
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// roughly says a time as a person would: 45 s, 12 min, 3 h, 9 days.
func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func capital(sentence string) string { return strings.ToUpper(sentence[:1]) + sentence[1:] }
