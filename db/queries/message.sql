-- name: MessageLock :one
-- Held by whoever decides where a message stands: the end of a send, and a receipt.
select m.id, m.state, m.final, m.channel, m.queued_at, c.purpose, now()::timestamptz as now
from messages m join challenges c on c.id = m.challenge_id
where m.id = @id
for no key update of m;

-- name: MessageByRef :one
select m.id, m.challenge_id, m.send_no, m.channel, c.purpose
from messages m join challenges c on c.id = m.challenge_id
where c.ref = @ref and m.send_no = @send_no;

-- name: MessageStateSet :execrows
-- Where a message stands. A final state is never moved back; that nobody knows is no more than that, and ends when the
-- worker that called comes back and says that it was sent.
update messages
set state = @state, reason = @reason, final = @final, changed_at = now(),
    accepted_at = case when @state in ('accepted', 'delivered') then coalesce(accepted_at, now()) else accepted_at end
where id = @id and (not final or state = 'unsure' and @state in ('accepted', 'delivered'));

-- name: MessageReasonSet :execrows
-- What the carrier does with a message that the provider took.
update messages set reason = @reason, changed_at = now() where id = @id and state = 'accepted' and not final;

-- name: SendPlan :one
-- What decides who sends a message next, and what is sent, read without a lock.
select c.country, c.purpose, c.expires_at, c.ended_at, c.sends_asked, c.ref, c.number, c.language, c.code_ct,
    m.id as message_id, m.channel, m.final, m.state, m.reason, clock_timestamp()::timestamptz as now
from challenges c
join messages m on m.challenge_id = c.id and m.send_no = @send_no
where c.id = @id;

-- name: SendTally :many
-- What each provider did with a message so far. A call whose end nobody wrote may have sent it.
select provider,
    count(*) filter (where state in ('calling', 'unknown', 'sent'))::int as may_have_sent,
    count(*) filter (where state in ('calling', 'unknown'))::int as unknown,
    count(*) filter (where state = 'sent' and receipt <> 'undelivered')::int as sent,
    count(*) filter (where class = 'retry')::int as refused,
    coalesce(bool_or(class in ('ours', 'account', 'number')), false)::boolean as ruled_out,
    coalesce(max(class) filter (where class in ('ours', 'account', 'number')), '')::text as why,
    coalesce(bool_or(receipt = 'undelivered'), false)::boolean as undelivered
from sends where message_id = @message_id
group by provider;

-- name: SendAbandon :exec
-- A worker died between its call and its note of the outcome: nobody knows.
update sends set state = 'unknown', class = 'unknown', status = 'interrupted', finished_at = now()
where message_id = @message_id and state = 'calling';

-- name: SendInsert :one
insert into sends (message_id, provider) values (@message_id, @provider) returning id;

-- name: SendFirst :one
-- Writes the first call of a message before it is made, when nothing has happened to it since it was queued: no row
-- else. Both rows are held, so that what is asked of them is true when it is written.
with held as (
    select m.id as message_id
    from challenges c
    join messages m on m.challenge_id = c.id and m.send_no = @send_no
    where c.id = @id and c.ended_at is null and c.expires_at > clock_timestamp() + @least_life::interval
        and c.sends_asked = @send_no and m.state = 'queued'
    for update of c for no key update of m
),
calling as (
    insert into sends (message_id, provider) select h.message_id, @provider from held h returning sends.id
),
moved as (
    update messages m set state = 'calling', changed_at = now() from held h where m.id = h.message_id
)
select calling.id, clock_timestamp()::timestamptz as now from calling;

-- name: SendFinish :exec
-- The outcome of a call that the provider did not take.
update sends
set state = @state, class = @class, status = @status, reason = @reason, provider_id = @provider_id,
    price = @price, network = @network, balance = @balance, finished_at = now()
where id = @id;

-- name: SendAccept :one
-- A provider took a message: the outcome of the call, where the message stands and what it cost; and whether the
-- challenge was over by then, and whether its breaker or balance has to be told. A final state stays, as in
-- MessageStateSet.
with held as (
    -- A receipt may come at the same time: whoever is second sees what the first wrote.
    select m.id, m.challenge_id, m.queued_at from messages m where m.id = @message_id for no key update
),
finished as (
    update sends s
    set state = 'sent', class = 'sent', status = @status, provider_id = @provider_id, price = @price::text,
        network = @network, balance = @balance::text, finished_at = now()
    from held h where s.id = @id and s.message_id = h.id
),
moved as (
    update messages m
    set state = @state, reason = '', final = @final, changed_at = now(), accepted_at = coalesce(m.accepted_at, now())
    from held h where m.id = h.id and (not m.final or m.state = 'unsure')
),
paid as (
    insert into costs as k (office_id, month, provider, country, network, sends, cost)
    select c.office_id, this_month(), @provider::text, c.country, @network, 1,
        coalesce(nullif(@price::text, ''), '0')::numeric
    from held h join challenges c on c.id = h.challenge_id
    where c.office_id is not null
    on conflict (office_id, month, provider, country, network) do update
    set sends = k.sends + 1, cost = k.cost + excluded.cost
)
select (c.ended_at is not null or c.expires_at <= now())::boolean as over, c.purpose, held.queued_at,
    now()::timestamptz as now,
    exists (
        select from providers p
        where p.name = @provider and (p.failures > 0 or p.open_since is not null
            or nullif(@balance::text, '')::numeric is distinct from p.balance and @balance <> '')
    )::boolean as provider_news
from held join challenges c on c.id = held.challenge_id;

-- name: SendReceiptSet :execrows
-- What a receipt said of a send in the end: its first word stays.
update sends set receipt = @receipt
where message_id = @message_id and provider = @provider and provider_id = @provider_id and receipt = '';

-- name: SendOthersUnderWay :one
-- Calls of a message that may still bring it, beside those known not to have.
select count(*)::int from sends
where message_id = @message_id and (state in ('calling', 'unknown') or state = 'sent' and receipt <> 'undelivered');

-- name: SendCount :one
select count(*)::int from sends where message_id = @message_id;

-- name: SendLatest :one
-- The newest finished call of the last hour: can messages be sent at all?
select provider, class, status, balance, started_at from sends
where started_at > now() - interval '1 hour' and state <> 'calling'
order by started_at desc limit 1;

-- name: ReceiptInsert :execrows
-- Once for each status of a send, however often it comes.
insert into receipts (message_id, provider, provider_id, status, error_code, reason, network)
values (@message_id, @provider, @provider_id, @status, @error_code, @reason, @network)
on conflict (provider, provider_id, status) do nothing;

-- name: ReceiptStatuses :many
select status from receipts where provider = @provider and provider_id = @provider_id order by id;

-- name: DemoMessageInsert :exec
insert into demo_messages (number, body) values (@number, @body);

-- name: DemoMessageList :many
select id, number, body, at from demo_messages order by id desc limit 50;

-- name: MessageNews :many
-- One text for each living session: another one says that there may be something new to say about its codes, or the
-- help that it asks for, or that a second factor is demanded since a moment ago.
select s.token_hash, md5(coalesce(string_agg(concat_ws(' ', c.id, c.ended_at, c.outcome, c.asked_at, c.expires_at,
    m.id, m.state, m.reason, m.final, m.changed_at, m.channel), ',' order by c.id, m.id), '')
    || coalesce((select string_agg(concat_ws(' ', h.id, h.outcome), ',' order by h.id)
        from help_requests h where h.session_id = s.id), '')
    || bool_or(second_factor_demanded(u.office_id, u.id, now()))::text)::text as news
from sessions s
join users u on u.id = s.user_id
left join challenges c on c.session_id = s.id
left join messages m on m.challenge_id = c.id
where s.token_hash = any(@tokens::bytea[]) and s.ended_at is null and s.expires_at > now()
group by s.id;
