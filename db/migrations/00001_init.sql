-- +goose Up

-- One row: what belongs to the installation as a whole.
create table installation (
    only_row        boolean primary key default true check (only_row),
    key_fingerprint text        not null,
    created_at      timestamptz not null default now()
);

create table offices (
    id                    bigint generated always as identity primary key,
    code                  text        not null unique check (code ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'),
    name                  text        not null check (length(name) between 1 and 120),
    two_factor_required   boolean     not null default false,
    two_factor_changed_at timestamptz,
    created_at            timestamptz not null default now()
);

create table users (
    id            bigint generated always as identity primary key,
    office_id     bigint      not null references offices on delete cascade,
    -- Canonical: see account.CanonicalUsername. It cannot change.
    username      text        not null check (length(username) between 1 and 64),
    name          text        not null check (length(name) between 1 and 120),
    email         text        not null default '' check (length(email) <= 254),
    role          text        not null check (role in ('user', 'accountant', 'superuser')),
    password_hash text        not null,
    language      text        not null default '' check (language in ('', 'en', 'nl')),
    disabled_at   timestamptz,
    created_at    timestamptz not null default now(),
    unique (office_id, username)
);

-- A number is not unique: people share phones.
create table mobile_numbers (
    user_id       bigint primary key references users on delete cascade,
    number        text        not null check (number ~ '^\+[1-9][0-9]{4,14}$'),
    country       text        not null check (country ~ '^[A-Z]{2}$'),
    confirmed_at  timestamptz,
    registered_by bigint references users on delete set null,
    registered_at timestamptz not null default now()
);
create index mobile_numbers_country on mobile_numbers (country);

create table authenticators (
    user_id      bigint primary key references users on delete cascade,
    -- Sealed with the user's id as associated data.
    secret_ct    bytea       not null,
    -- The last step whose code was accepted (steps of 30 s since 1970); each step serves once.
    last_step    bigint      not null,
    confirmed_at timestamptz not null default now()
);

create table recovery_codes (
    id         bigint generated always as identity primary key,
    user_id    bigint      not null references users on delete cascade,
    code_mac   bytea       not null,
    used_at    timestamptz,
    created_at timestamptz not null default now(),
    unique (user_id, code_mac)
);

-- Signed-in browsers. A session of level 1 (password) in an office that demands two factors is a
-- pending log-in: it reaches its own second step and nothing else.
create table sessions (
    id               bigint generated always as identity primary key,
    user_id          bigint      not null references users on delete cascade,
    token_hash       bytea       not null unique check (length(token_hash) = 32),
    level            smallint    not null default 1 check (level in (1, 2)),
    -- How it was proven, in the words of RFC 8176: pwd, sms, otp, and recovery.
    methods          text[]      not null default '{pwd}',
    -- Wrong authenticator and recovery codes tried in this session since the last right one.
    proof_tries      smallint    not null default 0 check (proof_tries between 0 and 5),
    address          text        not null,
    user_agent       text        not null check (length(user_agent) <= 300),
    password_at      timestamptz not null default now(),
    second_factor_at timestamptz,
    last_seen_at     timestamptz not null default now(),
    created_at       timestamptz not null default now(),
    expires_at       timestamptz not null,
    ended_at         timestamptz,
    check ((level = 2) = (second_factor_at is not null))
);
create index sessions_user on sessions (user_id) where ended_at is null;
create index sessions_over on sessions (expires_at);

-- An authenticator app being set up: the secret waits here, bound to one session, for its first code.
create table enrolments (
    session_id bigint primary key references sessions on delete cascade,
    secret_ct  bytea       not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);

-- New recovery codes until their owner has kept them: shown to the session that made them, then deleted.
create table recovery_sheets (
    session_id bigint primary key references sessions on delete cascade,
    codes_ct   bytea       not null,
    expires_at timestamptz not null
);

-- One demand for proof by text message, bound to one session.
create table challenges (
    id          bigint generated always as identity primary key,
    -- Random; the associated data of the code's MAC and ciphertext, and what the provider echoes.
    ref         text        not null unique,
    session_id  bigint      not null references sessions on delete cascade,
    user_id     bigint      not null references users on delete cascade,
    purpose     text        not null check (purpose in ('sign_in', 'confirm_number', 'change_number', 'fresh_factor')),
    number      text        not null check (number ~ '^\+[1-9][0-9]{4,14}$'),
    country     text        not null check (country ~ '^[A-Z]{2}$'),
    language    text        not null check (language in ('en', 'nl')),
    code_mac    bytea       not null,
    code_ct     bytea,
    tries       smallint    not null default 0 check (tries between 0 and 5),
    sends_asked smallint    not null default 1 check (sends_asked between 1 and 3),
    asked_at    timestamptz not null default now(),
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    ended_at    timestamptz,
    outcome     text check (outcome in ('verified', 'expired', 'replaced', 'exhausted', 'abandoned')),
    check ((ended_at is null) = (outcome is null)),
    -- Nothing of an ended challenge can be sent any more.
    check ((ended_at is null) = (code_ct is not null))
);
create unique index challenges_one_live_per_session on challenges (session_id) where ended_at is null;
create index challenges_session on challenges (session_id);
create index challenges_user on challenges (user_id, expires_at);
create index challenges_live on challenges (expires_at) where ended_at is null;

-- One text to one number: the first of a challenge and each one asked for again.
create table messages (
    id           bigint generated always as identity primary key,
    challenge_id bigint      not null references challenges on delete cascade,
    send_no      smallint    not null check (send_no between 1 and 3),
    state        text        not null default 'queued'
        check (state in ('queued', 'calling', 'retrying', 'unsure', 'accepted', 'delivered', 'failed')),
    -- Why it is retrying, unsure or failed: a key of the catalogue, never a provider's words.
    reason       text        not null default '',
    final        boolean     not null default false,
    queued_at    timestamptz not null default now(),
    changed_at   timestamptz not null default now(),
    accepted_at  timestamptz,
    unique (challenge_id, send_no),
    check (state not in ('failed', 'delivered') or final)
);

-- One call to a provider for a message. Written as calling before the call is made.
create table sends (
    id          bigint generated always as identity primary key,
    message_id  bigint      not null references messages on delete cascade,
    provider    text        not null,
    state       text        not null default 'calling' check (state in ('calling', 'sent', 'refused', 'unknown')),
    class       text        not null default '',
    status      text        not null default '',
    provider_id text        not null default '',
    price       text        not null default '',
    network     text        not null default '',
    balance     text        not null default '',
    started_at  timestamptz not null default now(),
    finished_at timestamptz
);
create index sends_message on sends (message_id);
create index sends_started on sends (started_at);

-- Wrong second factors in a row, over all ways, sessions and nodes.
create table factor_failures (
    user_id    bigint primary key references users on delete cascade,
    in_a_row   integer not null default 0 check (in_a_row >= 0),
    wait_until timestamptz
);

-- Wrong passwords in a row for one name, known or unknown, in one class of browsers.
create table password_failures (
    -- office code and username, canonical
    account     text        not null,
    -- empty for all unknown browsers together; a browser known to this user has its own row
    browser     bytea       not null,
    in_a_row    integer     not null,
    next_try_at timestamptz not null,
    changed_at  timestamptz not null default now(),
    primary key (account, browser)
);
create index password_failures_old on password_failures (changed_at);

-- Browsers in which a user has completed a log-in.
create table known_browsers (
    user_id      bigint      not null references users on delete cascade,
    browser_hash bytea       not null,
    signed_in_at timestamptz not null default now(),
    primary key (user_id, browser_hash)
);

-- What a user should be told at the next page they see.
create table notices (
    id         bigint generated always as identity primary key,
    user_id    bigint      not null references users on delete cascade,
    kind       text        not null,
    created_at timestamptz not null default now(),
    seen_at    timestamptz
);
create index notices_unseen on notices (user_id) where seen_at is null;

-- What happened. Names stand beside ids, so that a row still reads after its user is gone.
create table audit_events (
    id         bigint generated always as identity primary key,
    at         timestamptz not null default now(),
    office_id  bigint,
    actor_id   bigint,
    actor      text        not null default '',
    subject_id bigint,
    subject    text        not null default '',
    action     text        not null,
    detail     text        not null default '',
    address    text        not null default ''
);
create index audit_events_office on audit_events (office_id, id desc);

-- +goose StatementBegin
create function audit_events_are_kept() returns trigger language plpgsql as $$
begin
    raise exception 'audit events are append-only';
end $$;
-- +goose StatementEnd
create trigger audit_events_are_kept before update or delete on audit_events
    for each row execute function audit_events_are_kept();

-- The demo phone. Empty, and never written, outside demo mode.
create table demo_messages (
    id     bigint generated always as identity primary key,
    number text        not null,
    body   text        not null,
    at     timestamptz not null default now()
);

-- +goose Down
select 1;
