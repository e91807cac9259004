-- A month of messages as an operator would see them, and some users whose codes had trouble: for pictures
-- and for looking at the operators' pages by hand. Only for a database of one's own. Needs the demo office.
begin;
create function pg_temp.p(x float8) returns boolean language sql as 'select random() < x';

insert into offices (code, name, two_factor_required, two_factor_changed_at, money_cap) values
  ('ACME', 'Acme Accountants', true, now() - interval '40 days', 120),
  ('NOTARY-7', 'Van der Meer & Partners Notaries', true, now() - interval '3 days', null),
  ('PRACTICE', 'The Old Mill Practice', false, null, 25) on conflict do nothing;
insert into users (office_id, username, name, role, password_hash)
select o.id, 'user' || n, 'User ' || n, 'user', 'x' from offices o, generate_series(1, 12) n where o.code <> 'DEMO'
    on conflict do nothing;

insert into providers (name, failures, failing_since, open_since, open_class, open_status, probe_at, balance,
    balance_at) values
  ('vonage', 1, now() - interval '40 minutes', now() - interval '40 minutes', 'account', '9',
      now() + interval '20 seconds', 0.12, now() - interval '41 minutes'),
  ('voice', 0, null, null, '', '', null, 43.10, now() - interval '3 minutes'),
  ('webhook', 2, now() - interval '10 seconds', null, '', '', null, null, null)
on conflict (name) do nothing;
update installation set money_cap = 250;

-- One session for each user is enough for the past.
insert into sessions (user_id, token_hash, level, second_factor_at, address, user_agent, expires_at, created_at,
    ended_at)
select u.id, sha256(random()::text::bytea), 2, now() - interval '29 days', '192.0.2.10', 'Firefox',
    now() - interval '29 days', now() - interval '30 days', now() - interval '29 days'
from users u where u.office_id is not null and u.username like 'user%';

create temp table plan as
select n, gen_random_uuid()::text as ref, u.id as user_id, u.office_id, s.id as session_id,
    case when random() < 0.78 then 'NL' when random() < 0.7 then 'BE' else 'DE' end as country,
    now() - case when n % 3 = 0 then random() * interval '1 hour' when n % 3 = 1 then random() * interval '1 day'
        else random() * random() * interval '30 days' end as at,
    random() as luck
from generate_series(1, 2400) n
join lateral (select id, office_id from users where username like 'user%' and office_id is not null
    order by md5(n::text || id) limit 1) u on true
join lateral (select id from sessions where user_id = u.id order by id limit 1) s on true;

insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, tries,
    created_at, asked_at, expires_at, ended_at, outcome)
select ref, session_id, user_id, office_id, 'sign_in',
    case country when 'NL' then '+316' || (10000000 + (random() * 79999999)::int) when 'BE'
        then '+3247' || (1000000 + (random() * 8999999)::int)
        else '+49151' || (10000000 + (random() * 79999999)::int) end,
    country, 'nl', 'x', 1, at, at, at + interval '5 minutes', at + interval '40 seconds', case when luck < 0.93
        then 'verified' else 'expired' end
from plan;
insert into messages (challenge_id, send_no, channel, state, reason, final, queued_at, changed_at, accepted_at)
select c.id, 1, case when luck > 0.985 then 'call' else 'sms' end,
    case when luck < 0.9 then 'delivered' when luck < 0.95 then 'accepted' when luck < 0.965 then 'unsure'
        else 'failed' end,
    case when luck < 0.95 then '' when luck < 0.965 then 'no_answer' else 'number' end, luck >= 0.95
        or luck < 0.9, at, at + interval '2 seconds',
    case when luck < 0.95 then at + (0.2 + random() * random()) * interval '1 second' end
from plan join challenges c using (ref);
insert into sends (message_id, provider, state, class, status, provider_id, price, started_at, finished_at)
select m.id, case when m.channel = 'call' then 'voice' when p.at > now() - interval '40 minutes' or p.country = 'DE'
    then 'webhook' else 'vonage' end,
    case when m.state in ('delivered', 'accepted') then 'sent' when m.state = 'unsure' then 'unknown'
        else 'refused' end,
    case when m.state in ('delivered', 'accepted') then 'sent' when m.state = 'unsure' then 'unknown' else 'number' end,
    case when m.state in ('delivered', 'accepted') then '0' when m.state = 'unsure' then 'timeout'
        else '6' end, 'id-' || m.id, '0.0714',
    m.queued_at + interval '30 milliseconds', m.queued_at + interval '400 milliseconds'
from plan p join challenges c using (ref) join messages m on m.challenge_id = c.id;
insert into receipts (message_id, provider, provider_id, status, received_at)
select m.id, s.provider, s.provider_id, 'delivered', m.accepted_at + (case when c.country = 'BE' then 9
    else 2 end + 6 * random() * random()) * interval '1 second'
from plan join challenges c using (ref) join messages m on m.challenge_id = c.id join sends s on s.message_id = m.id
    where m.state = 'delivered';

update messages m set changed_at = r.received_at from receipts r where r.message_id = m.id and r.status = 'delivered';

-- Toll fraud: 36 messages to neighbours, of which two codes were entered.
insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac, created_at,
    asked_at, expires_at, ended_at, outcome)
select 'fraud-' || n, s.id, s.user_id, u.office_id, 'enrol', '+3161299' || (1000 + n), 'NL', 'nl', 'x',
    now() - interval '3 hours', now() - interval '3 hours', now() - interval '2 hours 55 minutes',
        now() - interval '2 hours 55 minutes', case when n < 3 then 'verified' else 'expired' end
from generate_series(1, 36) n, (select s.* from sessions s join users u on u.id = s.user_id
    where u.office_id is not null order by s.id limit 1) s join users u on u.id = s.user_id;
insert into messages (challenge_id, send_no, state, final, queued_at, changed_at, accepted_at)
select id, 1, 'accepted', true, created_at, created_at, created_at + interval '1 second' from challenges
    where ref like 'fraud-%';

insert into costs (office_id, month, provider, country, network, sends, cost)
select c.office_id, date_trunc('month', now())::date, s.provider, c.country, '20408', count(*), count(*) * 0.0714
from plan p join challenges c using (ref) join messages m on m.challenge_id = c.id join sends s on s.message_id = m.id
    where s.state = 'sent' group by 1, 2, 3, 4;

insert into river_job (args, kind, max_attempts, priority, queue, state, created_at)
select jsonb_build_object('challenge_id', 900000 + n, 'send_no', 1), 'send_code', 100, 1, 'sms_backlog', 'available',
    now() - n * interval '3 seconds' from generate_series(1, 7) n;

-- A user whose code went to a second provider, who entered a wrong one, and now waits for nothing but themselves.
create function pg_temp.waiting(who text, office text) returns bigint language plpgsql as $$
declare u record; s bigint;
begin
  select x.* into u from users x join offices o on o.id = x.office_id where o.code = office and x.username = who;
  insert into mobile_numbers (user_id, number, country, confirmed_at)
      values (u.id, '+31612345678', 'NL', now() - interval '20 days') on conflict do nothing;
  insert into sessions (user_id, token_hash, address, user_agent, expires_at, created_at)
    values (u.id, sha256(random()::text::bytea), '192.0.2.44', 'Firefox', now() + interval '8 minutes',
        now() - interval '2 minutes') returning id into s;
  return s;
end $$;
with s as (select pg_temp.waiting('user1', 'ACME') as id),
c as (insert into challenges (ref, session_id, user_id, office_id, purpose, number, country, language, code_mac,
    code_ct, tries, created_at, asked_at, expires_at)
  select 'w1', s.id, u.id, u.office_id, 'sign_in', '+31612345678', 'NL', 'nl', 'x', 'x', 2,
      now() - interval '118 seconds', now() - interval '118 seconds', now() + interval '182 seconds'
  from s, users u join offices o on o.id = u.office_id where o.code = 'ACME' and u.username = 'user1' returning id),
m as (insert into messages (challenge_id, send_no, state, final, queued_at, changed_at, accepted_at)
  select id, 1, 'delivered', true, now() - interval '118 seconds', now() - interval '100 seconds',
      now() - interval '112 seconds' from c returning id, challenge_id),
j as (insert into river_job (args, kind, max_attempts, priority, queue, state, attempt, attempted_at, created_at,
    scheduled_at, finalized_at, errors)
  select jsonb_build_object('challenge_id', challenge_id, 'send_no', 1), 'send_code', 100, 1, 'sms_login', 'completed',
      2, now() - interval '113 seconds', now() - interval '118 seconds',
    now() - interval '113 seconds', now() - interval '112 seconds',
        array[jsonb_build_object('at', now() - interval '117 seconds', 'attempt', 1, 'error',
        'vonage refused (account, status 9)', 'trace', '')] from m),
x as (insert into sends (message_id, provider, state, class, status, provider_id, price, started_at, finished_at)
  select id, 'vonage', 'refused', 'account', '9', '', '', now() - interval '117.9 seconds',
      now() - interval '117.5 seconds' from m
  union all select id, 'webhook', 'sent', 'sent', '200', 'wh-1', '0.0610', now() - interval '112.6 seconds',
      now() - interval '112 seconds' from m)
insert into receipts (message_id, provider, provider_id, status, received_at)
    select id, 'webhook', 'wh-1', 'delivered', now() - interval '100 seconds' from m;
insert into audit_events (at, office_id, actor_id, actor, action, detail)
select now() - d * interval '1 second', u.office_id, u.id, u.username, 'second_factor_refused', 'sms' from users u
    join offices o on o.id = u.office_id, (values (70), (31)) v(d)
where o.code = 'ACME' and u.username = 'user1';
-- One whose office had reached its limit, one who was wrong ten times.
select pg_temp.waiting('user2', 'ACME');
insert into audit_events (at, office_id, actor_id, actor, action, detail)
select now() - interval '110 seconds', u.office_id, u.id, u.username, 'code_not_sent', 'office' from users u
    join offices o on o.id = u.office_id where o.code = 'ACME' and u.username = 'user2';
insert into factor_failures (user_id, stranger, in_a_row, wait_until)
select u.id, false, 10, now() + interval '12 minutes 20 seconds'
    from users u join offices o on o.id = u.office_id where o.code = 'ACME' and u.username = 'user3';

-- An operator with a session that is signed in: the token is 32 bytes of 'o', base64url without padding.
insert into users (office_id, username, name, role, password_hash) values (null, 'ops', 'Operator', 'operator', 'x')
    on conflict do nothing;
delete from sessions where token_hash = sha256(repeat('o', 32)::bytea);
insert into sessions (user_id, token_hash, level, second_factor_at, address, user_agent, expires_at)
select id, sha256(repeat('o', 32)::bytea), 2, now(), '127.0.0.1', 'Chromium', now() + interval '8 hours' from users
    where role = 'operator' and username = 'ops' limit 1;
commit;
