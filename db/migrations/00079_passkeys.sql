-- +goose Up

-- Who a user is to authenticators: random, the same in all of the user's passkeys, and nothing that names anybody.
alter table users add column passkey_handle uuid not null default gen_random_uuid() unique;

-- A passkey proves that its user holds a private key. Nothing of it is secret.
create table passkeys (
    id              bigint      generated always as identity primary key,
    user_id         bigint      not null references users on delete cascade,
    credential_id   bytea       not null unique check (length(credential_id) between 1 and 1023),
    public_key      bytea       not null check (length(public_key) between 1 and 8192),
    name            text        not null check (length(name) between 1 and 80),
    aaguid          bytea       not null check (length(aaguid) = 16),
    transports      text[]      not null,
    -- Of the last proof; where the authenticator counts, each proof is above the one before.
    sign_count      bigint      not null,
    backup_eligible boolean     not null, -- it may be on several devices
    backed_up       boolean     not null, -- it is
    created_at      timestamptz not null default now(),
    used_at         timestamptz,
    -- A proof came that counted no further: there may be a copy. It opens nothing any more, and counts as a factor all
    -- the same, so that nobody enrols another with the password alone.
    copied_at       timestamptz
);
create index passkeys_of_user on passkeys (user_id);

-- Challenges that were answered rightly, by their hashes: each serves once. One that was not answered is no row, since
-- it says itself for whom and when it was made, under a MAC.
create table passkey_answers (
    challenge_hash bytea       primary key,
    expires_at     timestamptz not null
);
create index passkey_answers_over on passkey_answers (expires_at);

-- How long a challenge can be answered (NIST SP 800-63B-4, WebAuthn §13.4.3).
create function passkey_challenge_life() returns interval language sql immutable parallel safe
return interval '5 minutes';

create function max_passkeys() returns integer language sql immutable parallel safe return 20;

create or replace view user_factors as
select m.user_id, 'sms'::text as kind, (m.confirmed_at is not null) as counts, m.confirmed_at,
    m.number as label, m.country, 1 as amount
from mobile_numbers m
union all
select a.user_id, 'otp', true, a.confirmed_at, '', '', 1
from authenticators a
union all
select r.user_id, 'recovery', false, null, '', '', count(*)::integer
from recovery_codes r where r.used_at is null group by r.user_id
union all
select p.user_id, 'passkey', true, min(p.created_at), '', '', count(*)::integer
from passkeys p group by p.user_id;

-- +goose Down
select 1;
