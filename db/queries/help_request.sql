-- name: HelpRequestMay :one
-- Whether one more request may begin in a session, for whoever holds its user's row: known browsers and others are
-- counted apart. Once its user has stopped one, new browsers begin none for a day, or until the password is another;
-- and whether the superusers are written to, or see it on their pages alone.
select (
        (select count(*) from help_requests h where h.session_id = @session_id) < max_help_requests(false)
        and (select count(*) from help_requests h where h.user_id = @user_id and h.known_browser = @known_browser
            and h.created_at > now() - interval '1 hour') < max_help_requests(false)
        and (select count(*) from help_requests h where h.user_id = @user_id and h.known_browser = @known_browser
            and h.created_at > now() - interval '1 day') < max_help_requests(true)
        and (@known_browser::boolean or not exists (select from help_requests h
            join sessions s on s.id = h.session_id join users u on u.id = h.user_id
            where h.user_id = @user_id and h.outcome = 'stopped' and h.ended_at > now() - help_stop_life()
                and s.password_version = u.password_version))
    )::boolean as allowed,
    (not exists (select from help_requests h where h.user_id = @user_id and h.told
            and h.created_at > now() - interval '1 hour')
        and (select count(*) from help_requests h join users u on u.id = h.user_id
            where u.office_id = @office_id::bigint and h.told and h.created_at > now() - interval '1 hour')
                < max_help_mails())::boolean as tell;

-- name: HelpRequestInsert :exec
insert into help_requests (session_id, user_id, words_mac, key_id, known_browser, told)
values (@session_id, @user_id, @words_mac, @key_id, @known_browser, @told);

-- name: HelpRequestReplace :exec
-- The one before in a session, when the next begins.
update help_requests set ended_at = now(), outcome = 'again' where session_id = @session_id and ended_at is null;

-- name: HelpRequestOfSession :one
-- The newest of a session, for who asked.
select h.id, h.created_at, coalesce(h.outcome, '')::text as outcome,
    exists (select from living_help_requests l where l.id = h.id)::boolean as lives,
    (h.created_at + help_life())::timestamptz as expires_at, now()::timestamptz as now
from help_requests h where h.session_id = @session_id
order by h.id desc limit 1;

-- name: HelpRequestList :many
-- The users of an office who ask, the oldest first.
select u.id, u.name, min(h.created_at)::timestamptz as asked_at
from living_help_requests h join users u on u.id = h.user_id
where u.office_id = @office_id::bigint
group by u.id order by asked_at, u.id limit 100;

-- name: HelpRequestOfUser :many
-- What a user of an office asks for, the newest first, and who has answered first where two have to.
select h.id, h.created_at, h.expires_at, h.known_browser, h.address, h.user_agent, h.tries,
    coalesce(f.id, 0)::bigint as first_id, coalesce(f.name, '')::text as first_name,
    coalesce(r.approved_outcome, '')::text as first_outcome, idle_limit(u.role)::interval as idle_limit
from living_help_requests h join help_requests r on r.id = h.id join users u on u.id = h.user_id
left join users f on f.id = r.approved_by
where u.office_id = @office_id::bigint and u.id = @user_id
order by h.id desc;

-- name: HelpRequestCharge :many
-- One try at the words of every living request of a user, counted before anything is compared.
update help_requests h set tries = h.tries + 1
from living_help_requests l
where l.id = h.id and h.user_id = @user_id and h.ended_at is null and h.tries < max_help_tries()
returning h.id, h.session_id, h.words_mac, (max_help_tries() - h.tries)::integer as tries_left;

-- name: HelpRequestSpent :execrows
-- The last wrong words end what they were tried at.
update help_requests set ended_at = now(), outcome = 'words'
where user_id = @user_id and ended_at is null and tries >= max_help_tries();

-- name: HelpRequestAnswer :execrows
-- Of two superusers at once, one answers. The try of the right words may have been the last.
update help_requests h set ended_at = now(), outcome = @outcome::text, answered_by = @answered_by::bigint
from sessions s, users u
where h.id = @id and h.ended_at is null and h.created_at > now() - help_life()
    and s.id = h.session_id and u.id = h.user_id and s.ended_at is null and s.expires_at > now()
    and s.password_version = u.password_version and u.disabled_at is null;

-- name: HelpRequestEndOfUser :execrows
-- Every other of a user, with what was done.
update help_requests set ended_at = now(), outcome = @outcome::text, answered_by = nullif(@answered_by::bigint, 0)
where user_id = @user_id and ended_at is null and created_at > now() - help_life();

-- name: HelpRequestStop :many
-- Whoever got the mail stops what is asked in the user's name, and ends the log-ins in which it was asked.
with stopped as (
    update help_requests h set ended_at = coalesce(h.ended_at, now()), outcome = 'stopped'
    where h.user_id = @user_id and h.created_at > now() - help_stop_life()
        and (h.outcome is null or h.outcome in ('pass', 'again', 'words', 'refused'))
    returning h.session_id
)
select distinct session_id from stopped;

-- name: OfficeRescue :one
-- What an office decided; one that never did has neither.
select coalesce(max(r.cooling_hours), 0)::smallint as cooling_hours,
    coalesce(bool_or(r.two_approvers), false)::boolean as two_approvers
from office_rescue r where r.office_id = @office_id;

-- name: OfficeRescueSet :exec
insert into office_rescue (office_id, cooling_hours, two_approvers)
values (@office_id, @cooling_hours, @two_approvers)
on conflict (office_id) do update
set cooling_hours = excluded.cooling_hours, two_approvers = excluded.two_approvers;

-- name: HelpRequestApprove :execrows
-- The first of two superusers. No row when another has just answered alike: then this one is the second.
update help_requests h set approved_by = @by::bigint, approved_outcome = @outcome::text
where h.id = @id and h.ended_at is null
    and (h.approved_by is null or h.approved_by = @by::bigint or h.approved_outcome is distinct from @outcome::text);
