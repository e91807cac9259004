package factory

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nightlatch/nightlatch/db/dbsqlc"
	"github.com/nightlatch/nightlatch/internal/audit"
)

// SessionOpts are what a session may have of its own.
type SessionOpts struct {
	TokenHash []byte        // a random one, which no token has
	Factors   []string      // second factors proven, as sms: none is a session of the password alone
	Age       time.Duration // since it began
	ProvenAge time.Duration // since its password, and its second factor when it has one, were proven
	Life      time.Duration // 8 hours from its beginning
	Ended     bool
	Address   string // 192.0.2.1
	UserAgent string
}

// Session inserts a session of the user.
func Session(t testing.TB, db DB, userID int64, o SessionOpts) dbsqlc.Session {
	t.Helper()
	return insert[dbsqlc.Session](t, db, `
		insert into sessions (user_id, token_hash, level, methods, address, user_agent,
			password_at, second_factor_at, created_at, expires_at, ended_at)
		values (@user, coalesce(@hash::bytea, sha256(gen_random_uuid()::text::bytea)), @level::smallint, @methods,
			@address, @agent, now() - @proven::interval, case when @level::smallint = 2 then now() - @proven::interval end,
			now() - @age::interval, now() - @age::interval + @life::interval, case when @ended then now() end)`,
		pgx.NamedArgs{
			"user": userID, "hash": o.TokenHash, "level": 1 + min(1, len(o.Factors)),
			"methods": append([]string{"pwd"}, o.Factors...), "address": or(o.Address, "192.0.2.1"), "agent": o.UserAgent,
			"proven": o.ProvenAge, "age": o.Age, "life": or(o.Life, 8*time.Hour), "ended": o.Ended,
		})
}

// ChallengeOpts are what a challenge may have of its own.
type ChallengeOpts struct {
	Purpose string        // sign_in
	Number  string        // +31612345678
	Country string        // NL
	Age     time.Duration // since it was made; it lives for five minutes
	Outcome string        // live; verified, expired … for one that ended
}

// Challenge inserts a challenge of the session, whose code nothing opens.
func Challenge(t testing.TB, db DB, sessionID int64, o ChallengeOpts) dbsqlc.Challenge {
	t.Helper()
	return insert[dbsqlc.Challenge](t, db, `
		insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, code_ct,
			created_at, asked_at, expires_at, ended_at, outcome, proven, known_browser)
		select gen_random_uuid(), s.id, u.id, u.office_id, @purpose, @number, @country, 'en', 'x',
			case when @outcome::text is null then 'x'::bytea end, now() - @age::interval, now() - @age::interval,
			now() - @age::interval + @life::interval, case when @outcome is not null then now() end, @outcome,
			@purpose in ('sign_in', 'step_up'), s.known_browser
		from sessions s join users u on u.id = s.user_id where s.id = @session`, pgx.NamedArgs{
		"session": sessionID, "purpose": or(o.Purpose, "sign_in"), "number": or(o.Number, "+31612345678"),
		"country": or(o.Country, "NL"), "age": o.Age, "life": 5 * time.Minute, "outcome": null(o.Outcome),
	})
}

// MessageOpts are what a message may have of its own.
type MessageOpts struct {
	SendNo  int    // 1
	Channel string // sms
	State   string // queued; accepted and delivered were accepted a second after they were queued
	Reason  string
	Final   bool          // as delivered and failed are anyway
	Age     time.Duration // since it was queued
}

// Message inserts a message of the challenge.
func Message(t testing.TB, db DB, challengeID int64, o MessageOpts) dbsqlc.Message {
	t.Helper()
	return insert[dbsqlc.Message](t, db, `
		insert into messages (challenge_id, send_no, channel, state, reason, final, queued_at, changed_at, accepted_at)
		values (@challenge, @no, @channel, @state::text, @reason, @final or @state in ('delivered', 'failed'),
			now() - @age::interval, now() - @age::interval + interval '2 seconds',
			case when @state in ('accepted', 'delivered') then now() - @age::interval + interval '1 second' end)`,
		pgx.NamedArgs{
			"challenge": challengeID, "no": or(o.SendNo, 1), "channel": or(o.Channel, "sms"), "state": or(o.State, "queued"),
			"reason": o.Reason, "final": o.Final, "age": o.Age,
		})
}

// SendOpts are what one call of a provider may have of its own.
type SendOpts struct {
	Provider string        // vonage
	State    string        // sent
	Class    string        // as the state
	Status   string        // the provider's word for it
	Reason   string        // what it means
	Age      time.Duration // since the call, which took 300 ms
}

// Send inserts a call of a provider for the message.
func Send(t testing.TB, db DB, messageID int64, o SendOpts) dbsqlc.Send {
	t.Helper()
	state := or(o.State, "sent")
	return insert[dbsqlc.Send](t, db, `
		insert into sends (message_id, provider, state, class, status, reason, provider_id, started_at, finished_at)
		values (@message, @provider, @state, @class, @status, @reason, gen_random_uuid(), now() - @age::interval,
			now() - @age::interval + interval '300 milliseconds')`, pgx.NamedArgs{
		"message": messageID, "provider": or(o.Provider, "vonage"), "state": state, "class": or(o.Class, state),
		"status": o.Status, "reason": o.Reason, "age": o.Age,
	})
}

// ReceiptOpts are what a receipt may have of its own.
type ReceiptOpts struct {
	Provider  string // vonage
	Status    string // delivered
	ErrorCode string
	Reason    string        // what the code means
	Age       time.Duration // since it came
}

// Receipt inserts what a provider told of the message later.
func Receipt(t testing.TB, db DB, messageID int64, o ReceiptOpts) dbsqlc.Receipt {
	t.Helper()
	return insert[dbsqlc.Receipt](t, db, `
		insert into receipts (message_id, provider, provider_id, status, error_code, reason, received_at)
		values (@message, @provider, gen_random_uuid(), @status, @code, @reason, now() - @age::interval)`, pgx.NamedArgs{
		"message": messageID, "provider": or(o.Provider, "vonage"), "status": or(o.Status, "delivered"),
		"code": o.ErrorCode, "reason": o.Reason, "age": o.Age,
	})
}

// AuditEvent inserts an event of that age, as one cannot be made older afterwards.
func AuditEvent(t testing.TB, db DB, age time.Duration, e audit.Event) dbsqlc.AuditEvent {
	t.Helper()
	return insert[dbsqlc.AuditEvent](t, db, `
		insert into audit_events (at, office_id, actor_id, actor, subject_id, subject, action, detail, address)
		values (now() - @age::interval, @office, @actor, @name, @subject, @named, @action, @detail, @address)`,
		pgx.NamedArgs{
			"age": age, "office": null(e.Office), "actor": null(e.Actor.ID), "name": e.Actor.Name,
			"subject": null(e.Subject.ID), "named": e.Subject.Name, "action": string(e.Action), "detail": e.Detail,
			"address": e.Address,
		})
}
