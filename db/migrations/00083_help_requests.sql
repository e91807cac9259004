-- +goose Up

-- How long a superuser may be talked to, and how many wrong words end a request.
create function help_life() returns interval language sql immutable parallel safe as $$ select interval '15 minutes' $$;
create function max_help_tries() returns smallint language sql immutable parallel safe as $$ select 3::smallint $$;
-- How many requests a user's known browsers, or all others, begin in an hour and in a day.
create function max_help_requests(of_a_day boolean) returns integer language sql immutable parallel safe
as $$ select case when of_a_day then 6 else 3 end $$;
-- How many mails about requests the superusers of one office get in an hour.
create function max_help_mails() returns integer language sql immutable parallel safe as $$ select 10 $$;
-- How long the link works that stops a request, and what came of it.
create function help_stop_life() returns interval language sql immutable parallel safe
as $$ select interval '24 hours' $$;

-- A pending log-in whose user cannot prove a second factor asks the superusers of the office. The words are read out;
-- what is kept of them is their MAC.
create table help_requests (
    id            bigint generated always as identity primary key,
    session_id    bigint      not null references sessions on delete cascade,
    user_id       bigint      not null references users on delete cascade,
    words_mac     bytea       not null check (length(words_mac) = 32),
    key_id        bytea       not null check (length(key_id) = 4),
    known_browser boolean     not null,
    told          boolean     not null, -- the superusers were written to
    tries         smallint    not null default 0 check (tries between 0 and max_help_tries()),
    created_at    timestamptz not null default now(),
    ended_at      timestamptz,
    -- Reset, let in for the day, or refused; ended by wrong words, by who got the mail, or by the next request.
    outcome       text check (outcome in ('reset', 'pass', 'refused', 'words', 'stopped', 'again')),
    answered_by   bigint      references users on delete set null,
    check ((ended_at is null) = (outcome is null))
);
create unique index help_requests_open on help_requests (session_id) where ended_at is null;
create index help_requests_session on help_requests (session_id);
create index help_requests_user on help_requests (user_id, created_at);
create index help_requests_answered_by on help_requests (answered_by);

-- Those that can still be answered.
create view living_help_requests as
select h.id, h.session_id, h.user_id, h.words_mac, h.tries, h.created_at, h.known_browser, s.address, s.user_agent,
    (h.created_at + help_life())::timestamptz as expires_at
from help_requests h
join sessions s on s.id = h.session_id
join users u on u.id = h.user_id
where h.ended_at is null and h.created_at > now() - help_life() and h.tries < max_help_tries()
    and s.ended_at is null and s.expires_at > now() and s.password_version = u.password_version
    and u.disabled_at is null;

-- A link that stops a request, beside those that set a password.
alter table one_time_links drop constraint links_purpose_check;
alter table one_time_links add constraint one_time_links_purpose_check check (purpose in ('invite', 'reset', 'stop'));

-- The view of what each master key is still needed for, with the words.
create or replace view key_uses as
select substring(a.secret_ct from 2 for 4) as key_id, 1 as lasting, 0 as brief, 0 as codes from authenticators a
union all
select substring(p.secret_ct from 2 for 4), 1, 0, 0 from sso_providers p
union all
select substring(s.private_ct from 2 for 4), 1, 0, 0 from signing_keys s where s.revoked_at is null
union all
select substring(e.secret_ct from 2 for 4), 0, 1, 0 from enrolments e where e.expires_at > now()
union all
select substring(s.codes_ct from 2 for 4), 0, 1, 0 from recovery_sheets s where s.expires_at > now()
union all
select substring(c.code_ct from 2 for 4), 0, 1, 0 from challenges c where c.ended_at is null
union all
select substring(m.payload_ct from 2 for 4), 0, 1, 0 from mails m where m.payload_ct is not null
union all
select substring(h.body_ct from 2 for 4), 0, 1, 0 from held_forms h where h.expires_at > now()
union all
select substring(coalesce(nullif(f.verifier_ct, ''), nullif(f.onward_ct, '')) from 2 for 4), 0, 1, 0 from sso_flows f
where f.expires_at > now() and (f.verifier_ct <> '' or f.onward_ct <> '')
union all
select substring(k.answer_ct from 2 for 4), 0, 1, 0 from kept_answers k
where k.until > now() and k.answer_ct is not null
union all
select w.key_id, 0, 1, 0 from enrolment_words w where w.expires_at > now()
union all
select h.key_id, 0, 1, 0 from help_requests h where h.ended_at is null and h.created_at > now() - help_life()
union all
select coalesce(r.key_id, ''), 0, 0, 1 from recovery_codes r where r.used_at is null;

-- +goose Down
select 1;
