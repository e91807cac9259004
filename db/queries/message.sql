-- name: MessageInsert :exec
insert into messages (challenge_id, send_no) values (@challenge_id, @send_no);

-- name: MessageStateSet :exec
-- Where a message stands. A final state is never moved back.
update messages
set state = @state, reason = @reason, final = @final, changed_at = now(),
    accepted_at = case when @state in ('accepted', 'delivered') then coalesce(accepted_at, now()) else accepted_at end
where id = @id and not final;

-- name: MessageCancelOfChallenge :exec
update messages set state = 'failed', reason = @reason, final = true, changed_at = now()
where challenge_id = @challenge_id and not final and state in ('queued', 'retrying');

-- name: SendCalls :one
-- Calls of a message that may have sent it, and those whose end nobody wrote.
select
    count(*) filter (where state in ('calling', 'unknown', 'sent'))::int as may_have_sent,
    count(*) filter (where state = 'sent')::int as sent
from sends where message_id = @message_id;

-- name: SendAbandon :exec
-- A worker died between its call and its note of the outcome: nobody knows.
update sends set state = 'unknown', class = 'unknown', status = 'interrupted', finished_at = now()
where message_id = @message_id and state = 'calling';

-- name: SendInsert :one
insert into sends (message_id, provider) values (@message_id, @provider) returning id;

-- name: SendFinish :exec
update sends
set state = @state, class = @class, status = @status, provider_id = @provider_id,
    price = @price, network = @network, balance = @balance, finished_at = now()
where id = @id;

-- name: SendLatest :one
-- The newest finished call of the last hour: can messages be sent at all?
select provider, class, status, balance, started_at from sends
where started_at > now() - interval '1 hour' and state <> 'calling'
order by started_at desc limit 1;

-- name: DemoMessageInsert :exec
insert into demo_messages (number, body) values (@number, @body);

-- name: DemoMessageList :many
select id, number, body, at from demo_messages order by id desc limit 50;
