-- +goose Up

-- An operator runs the installation and belongs to no office: a user without one.
alter table users alter column office_id drop not null;
alter table users drop constraint users_role_check;
alter table users add constraint users_role_check check (role in ('user', 'accountant', 'superuser', 'operator'));
alter table users add constraint users_operator_has_no_office check ((role = 'operator') = (office_id is null));
create unique index users_operator on users (username) where office_id is null;

-- Limits count by office, by number and by the range a number belongs to.
alter table challenges add column office_id bigint references offices on delete cascade;
update challenges c set office_id = u.office_id from users u where u.id = c.user_id;
-- A range of 100 000 numbers: toll fraud walks through neighbours.
alter table challenges
    add column prefix text generated always as (left(number, greatest(length(number) - 5, 3))) stored;
create index challenges_office on challenges (office_id, created_at);
create index challenges_number on challenges (number, created_at);
create index challenges_prefix on challenges (prefix, created_at);
create index challenges_created on challenges (created_at);

-- A message is a text or a call.
alter table messages add column channel text not null default 'sms' check (channel in ('sms', 'call'));
create index messages_queued on messages (queued_at);

-- What a receipt said of a send in the end.
alter table sends add column receipt text not null default '' check (receipt in ('', 'delivered', 'undelivered'));
create index sends_provider_id on sends (provider, provider_id) where provider_id <> '';

-- What a carrier reported, once for each status of a send. It may come before our own note of the send's
-- id, late, twice and in any order.
create table receipts (
    id          bigint generated always as identity primary key,
    message_id  bigint      not null references messages on delete cascade,
    provider    text        not null,
    provider_id text        not null,
    status      text        not null check (status in (
        'accepted', 'buffered', 'answered', 'delivered', 'expired', 'failed', 'rejected', 'unknown'
    )),
    error_code  text        not null default '',
    network     text        not null default '',
    received_at timestamptz not null default now(),
    unique (provider, provider_id, status)
);
create index receipts_message on receipts (message_id);

-- What all processes share about a provider: its next turn, its breaker, its account.
create table providers (
    name          text primary key,
    -- One rate for all processes: when the next call may be made.
    next_turn_at  timestamptz not null default '-infinity',
    -- The breaker: five failures in a row within 30 s open it, a refused account at once; while it is
    -- open one call at a time probes.
    failures      smallint    not null default 0,
    failing_since timestamptz,
    open_since    timestamptz,
    open_class    text        not null default '',
    open_status   text        not null default '',
    probe_at      timestamptz,
    balance       numeric(14,4),
    balance_at    timestamptz,
    check ((open_since is null) = (probe_at is null))
);

-- What was paid, for longer than the sends are kept.
create table costs (
    office_id bigint        not null references offices on delete cascade,
    month     date          not null check (extract(day from month) = 1),
    provider  text          not null,
    country   text          not null,
    network   text          not null,
    sends     integer       not null default 0,
    cost      numeric(14,6) not null default 0,
    primary key (office_id, month, provider, country, network)
);

-- The most that may be spent in a month; null is no cap.
alter table offices add column money_cap numeric(12,2) check (money_cap >= 0);
alter table installation add column money_cap numeric(12,2) check (money_cap >= 0);

-- Where an office's codes may go, where that differs from the most used countries.
create table office_countries (
    office_id bigint  not null references offices on delete cascade,
    country   text    not null check (country ~ '^[A-Z]{2}$'),
    allowed   boolean not null,
    primary key (office_id, country)
);
insert into office_countries (office_id, country, allowed)
select distinct u.office_id, m.country, true
from mobile_numbers m join users u on u.id = m.user_id
where m.confirmed_at is not null;

-- A range that was stopped, and let go again by an operator: only what came after counts.
create table prefix_releases (
    prefix      text primary key,
    released_at timestamptz not null default now()
);

-- The history of one user, for "why is this user waiting?".
create index audit_events_actor on audit_events (actor_id, id desc);

-- +goose Down
select 1;
