-- +goose Up

-- Whether the password has the length that is asked of one that stands alone (12 characters). Null: set before this
-- was kept, or by an older binary; the next log-in finds out. Null too where there is no password (password_hash '').
alter table users add column password_long boolean;

-- Somebody pressed "Forgot your password?". Nothing that was typed is kept: a name is the hash of office code and
-- username, known or not. user_id has no foreign key, whose check would cost known names a little more time.
create table forgotten (
    id         bigint generated always as identity primary key,
    name_hash  bytea       not null check (length(name_hash) = 32),
    user_id    bigint,
    address    text        not null,
    user_agent text        not null check (length(user_agent) <= 300),
    language   text        not null check (language in ('en', 'nl')),
    asked_at   timestamptz not null default now()
);
create index forgotten_name on forgotten (name_hash, asked_at);
create index forgotten_address on forgotten (address, asked_at);
create index forgotten_asked on forgotten (asked_at);

-- A link that lets a user set a password, once. The token is 256 random bits; its hash is all there is of it here.
create table links (
    id         bigint generated always as identity primary key,
    purpose    text        not null check (purpose in ('invite', 'reset')),
    user_id    bigint      not null references users on delete cascade,
    token_hash bytea       not null unique check (length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    -- When it was used, or a newer or used one ended it.
    used_at    timestamptz
);
create index links_user on links (user_id) where used_at is null;
create index links_expires on links (expires_at);

-- One mail to one user. Its text is made when it is sent.
create table mails (
    id         bigint generated always as identity primary key,
    user_id    bigint      not null references users on delete cascade,
    -- What it says: the catalogue's mail.<kind>_subject and mail.<kind>_text.
    kind       text        not null check (kind ~ '^[a-z_]{1,40}$'),
    language   text        not null check (language in ('en', 'nl')),
    link_id    bigint      references links on delete cascade,
    -- The token of the link, sealed, until the mail is sent or will never be.
    payload_ct bytea,
    -- From where what it tells was done: a coarse address, and the browser and system as words. Or nothing.
    address    text        not null default '',
    browser    text        not null default '',
    system     text        not null default '',
    queued_at  timestamptz not null default now(),
    state      text        not null default 'queued' check (state in (
        'queued', 'sending', 'retrying', 'sent', 'failed', 'dropped'
    )),
    -- Why it is retrying, failed or dropped: a few words of ours, never a server's.
    reason     text        not null default '',
    tries      smallint    not null default 0,
    final      boolean     not null default false,
    changed_at timestamptz not null default now(),
    check (final = (state in ('sent', 'failed', 'dropped'))),
    check (payload_ct is null or not final),
    check (final or (link_id is null) = (payload_ct is null))
);
create index mails_user on mails (user_id);
create index mails_link on mails (link_id);
create index mails_open on mails (queued_at) where not final;
create index mails_queued on mails (queued_at);

-- The demo mailbox. Empty, and never written, outside demo mode.
create table demo_mails (
    id      bigint generated always as identity primary key,
    address text        not null,
    subject text        not null,
    body    text        not null,
    at      timestamptz not null default now()
);

-- +goose Down
select 1;
