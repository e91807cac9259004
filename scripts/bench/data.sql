-- The data of scripts/bench. Each bench.… is how many of a kind there are. Whoever has a password has the one of
-- the user pattern, and a token is the SHA-256 of a word and a number.
set session_replication_role = replica; -- no foreign key is checked, row by row
set synchronous_commit = off;
set maintenance_work_mem = '256MB';

insert into offices (code, name, two_factor_required, created_at)
select 'O' || lpad(i::text, 5, '0'), 'Office ' || i, i % 10 <> 0, now() - interval '90 days'
from generate_series(1, current_setting('bench.offices')::int) i;
insert into offices (code, name, two_factor_required)
values ('PLAIN', 'Without a second factor', false), ('ENROL', 'Nobody has a number yet', true),
    ('MONDAY', 'Everybody at once', true), ('SEND', 'Senders', true);

-- Users 1 … n, of the offices in turn.
insert into users (office_id, username, name, role, password_hash, email, budgets_since)
select o.id, 'u' || i, 'User Number ' || i,
    case (i / current_setting('bench.offices')::int) % 100 when 0 then 'superuser' when 1 then 'accountant'
        else 'user' end,
    p.password_hash, 'u' || i || '@office.example', now() - interval '1 year'
from generate_series(1, current_setting('bench.users')::int) i
join offices o on o.code = 'O' || lpad((1 + i % current_setting('bench.offices')::int)::text, 5, '0')
cross join (select password_hash from users where username = 'pattern') p;
insert into users (office_id, username, name, role, password_hash)
select o.id, lower(o.code) || i, 'Somebody', case i when 1 then 'superuser' else 'user' end, p.password_hash
from generate_series(1, 2000) i
cross join offices o
cross join (select password_hash from users where username = 'pattern') p
where o.code in ('PLAIN', 'ENROL', 'MONDAY', 'SEND');

insert into mobile_numbers (user_id, number, country, confirmed_at)
select u.id, '+316' || (10000000 + u.id * 7919 % 89999999), 'NL', now() - interval '30 days'
from users u join offices o on o.id = u.office_id
where o.code not in ('PLAIN', 'ENROL', 'ACME');

insert into office_countries (office_id, country) select id, 'NL' from offices on conflict do nothing;

-- Sessions with both factors, users in turn; and log-ins that wait for a number.
insert into sessions (user_id, token_hash, level, methods, address, user_agent, second_factor_at, expires_at,
    known_browser, network, site)
select u.id, sha256(sha256(('full-' || i)::bytea)), 2, '{pwd,sms}', '127.0.0.1', 'bench', now(),
    now() + interval '8 hours', true, '127.0.0.1', '127.0.0.0'
from generate_series(1, current_setting('bench.sessions')::int) i
join users u on u.username = 'u' || (1 + i % current_setting('bench.users')::int);
insert into sessions (user_id, token_hash, level, methods, address, user_agent, expires_at, known_browser, network,
    site)
select u.id, sha256(sha256(('pending-' || i)::bytea)), 1, '{pwd}', '127.0.0.1', 'bench', now() + interval '20 minutes',
    true, '127.0.0.1', '127.0.0.0'
from generate_series(1, 1000) i
join users u on u.username = 'enrol' || i;
-- Log-ins whose code was not asked for yet, one a user.
insert into sessions (user_id, token_hash, level, methods, address, user_agent, expires_at, known_browser, network,
    site)
select u.id, sha256(sha256(('send-' || i)::bytea)), 1, '{pwd}', '127.0.0.1', 'bench', now() + interval '20 minutes',
    true, '127.0.0.1', '127.0.0.0'
from generate_series(1, 9000) i
join users u on u.username = 'u' || i
join offices o on o.id = u.office_id and o.two_factor_required;

-- The session of each of them at the host of an application.
insert into application_sessions (token_hash, application_id, session_id, host)
select sha256(sha256(('door-' || i)::bytea)), h.application_id, s.id, h.host
from generate_series(1, current_setting('bench.sessions')::int) i
join sessions s on s.token_hash = sha256(sha256(('full-' || i)::bytea))
cross join application_hosts h;

-- Jobs that are done, and jobs that wait in a queue that nobody works.
insert into river_job (state, attempt, attempted_at, created_at, finalized_at, scheduled_at, priority, args, kind,
    max_attempts, queue)
select 'completed', 1, now(), now() - interval '2 hours', now() - interval '1 hour' * random(), now(), 1,
    '{"challenge_id": 1, "send_no": 1}', 'send_code', 100, 'sms_login'
from generate_series(1, current_setting('bench.finished')::int) i;
insert into river_job (state, attempt, created_at, scheduled_at, priority, args, kind, max_attempts, queue)
select 'available', 0, now(), now(), 1, '{"challenge_id": 1, "send_no": 1}', 'send_code', 100, 'parked'
from generate_series(1, current_setting('bench.waiting')::int) i;

-- What happened in a month.
insert into audit_events (at, office_id, actor_id, actor, subject_id, subject, action, address)
select now() - interval '30 days' * random(), u.office_id, u.id, u.username, u.id, u.username, 'signed_in', '127.0.0.1'
from generate_series(1, current_setting('bench.events')::int) i
join users u on u.username = 'u' || (1 + i % current_setting('bench.users')::int);
insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, asked_at,
    created_at, expires_at, ended_at, outcome, proven)
select 'bench-' || i, 1, u.id, u.office_id, 'sign_in', '+316' || (10000000 + u.id * 7919 % 89999999), 'NL', 'en', 'x',
    m.at, m.at, m.at + interval '5 minutes', m.at + interval '20 seconds', 'verified', true
from (select i, now() - interval '1 hour' - interval '29 days' * random() as at
    from generate_series(1, current_setting('bench.messages')::int) i) m
join users u on u.username = 'u' || (1 + i % current_setting('bench.users')::int);
insert into messages (challenge_id, send_no, state, final, queued_at, changed_at, accepted_at)
select id, 1, 'delivered', true, created_at, created_at + interval '3 seconds', created_at + interval '1 second'
from challenges;
insert into sends (message_id, provider, state, class, status, provider_id, price, network, started_at, finished_at)
select id, 'vonage', 'sent', 'sent', '0', 'bench-' || id, '0.0727', '20408', queued_at, accepted_at from messages;
