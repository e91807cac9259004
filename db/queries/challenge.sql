-- name: ChallengeStart :one
-- A challenge in the place of the session's live one, with its first message.
with replaced as (
    update challenges old set ended_at = now(), outcome = 'replaced', code_ct = null
    where old.session_id = @session_id and old.ended_at is null
    returning old.id
),
made as (
    insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, code_ct,
        expires_at, proven, known_browser)
    select @ref, @session_id, @user_id, @office_id::bigint, @purpose, @number, @country, @language, @code_mac, @code_ct,
        now() + @life::interval, @proven, @known_browser
    from (select count(*) from replaced) before -- a session has one live challenge: the old one ends first
    returning challenges.id
)
insert into messages (challenge_id, send_no, channel) select made.id, 1, @channel from made
returning challenge_id;

-- name: ChallengeOfSession :one
-- The session's newest challenge, live or over, with the state of its newest message.
select c.id, c.purpose, c.number, c.country, c.tries, c.sends_asked, c.asked_at, c.created_at, c.expires_at,
    c.ended_at, c.outcome, c.typed,
    -- none of its messages can arrive: an earlier one may have brought the code that the newest repeats
    (not exists (select from messages e where e.challenge_id = c.id and e.state <> 'failed'))::boolean as nothing_sent,
    m.channel as message_channel, m.state as message_state, m.reason as message_reason, m.final as message_final,
    m.queued_at as message_queued_at, m.changed_at as message_changed_at, m.accepted_at as message_accepted_at,
    now()::timestamptz as now
from challenges c
join messages m on m.challenge_id = c.id and m.send_no = c.sends_asked
where c.session_id = @session_id
order by c.id desc
limit 1;

-- name: ChallengeTyped :exec
-- The user has typed the number of the live challenge.
update challenges set typed = true where session_id = @session_id and ended_at is null;

-- name: ChallengeLock :one
-- The live challenge of a session, locked.
select id, purpose, number, country, sends_asked, asked_at, expires_at, now()::timestamptz as now
from challenges
where session_id = @session_id and ended_at is null
for update;

-- name: ChallengeForSend :one
-- What the worker needs, locked: a challenge that ends meanwhile waits, or is seen as ended.
select c.id, c.ref, c.user_id, c.purpose, c.number, c.country, c.language, c.code_ct, c.sends_asked,
    c.expires_at, c.ended_at, c.outcome,
    m.id as message_id, m.state as message_state, m.final as message_final, m.channel,
    clock_timestamp()::timestamptz as now
from challenges c
join messages m on m.challenge_id = c.id and m.send_no = @send_no
where c.id = @id
for update of c;

-- name: ChallengeSpoken :one
-- The live code that a call speaks.
select c.code_ct, c.language
from challenges c
join messages m on m.challenge_id = c.id and m.send_no = @send_no and m.channel = 'call'
where c.ref = @ref and c.ended_at is null and c.expires_at > now();

-- name: ChallengeCharge :one
-- One try, counted before the code is looked at, and never taken back.
update challenges set tries = tries + 1
where session_id = @session_id and ended_at is null and expires_at > now() and tries < max_tries()
returning id, ref, purpose, number, country, code_mac, (max_tries() - tries)::integer as tries_left;

-- name: ChallengeConsume :execrows
-- One of many right codes wins.
update challenges set ended_at = now(), outcome = 'verified', code_ct = null
where id = @id and ended_at is null and expires_at > now();

-- name: ChallengeEndOfSession :exec
update challenges set ended_at = now(), outcome = @outcome::text, code_ct = null
where session_id = @session_id and ended_at is null;

-- name: ChallengeEndOfUser :exec
-- Every live challenge of the user but those of one session (0: every one). Found by the user: who asks by ended_at may
-- be led over everybody's live ones.
update challenges set ended_at = now(), outcome = @outcome::text, code_ct = null
where user_id = @user_id and session_id <> @except_id and outcome is null;

-- name: ChallengeAskAgain :one
-- The code of a live challenge once more, as its next message.
with asked as (
    update challenges c set sends_asked = c.sends_asked + 1, asked_at = now()
    where c.id = @id and c.ended_at is null and c.sends_asked < 3
    returning c.id, c.sends_asked
)
insert into messages (challenge_id, send_no, channel) select asked.id, asked.sends_asked, @channel from asked
returning send_no;

-- name: ChallengeEndExpired :execrows
update challenges set ended_at = now(), outcome = 'expired', code_ct = null
where ended_at is null and id in (
    select c.id from challenges c where (case when c.ended_at is null then c.expires_at end) <= now() limit @batch
);

-- name: ChallengeAnew :one
-- A challenge whose session still waits for its second step.
select c.session_id, c.user_id, c.purpose, c.number, c.country, c.language,
    coalesce(u.office_id, 0)::bigint as office_id, u.username
from challenges c
join sessions s on s.id = c.session_id
join users u on u.id = c.user_id
where c.id = @id and s.ended_at is null and s.expires_at > now() and u.disabled_at is null
    and not exists (select from challenges newer where newer.session_id = c.session_id and newer.id > c.id);
