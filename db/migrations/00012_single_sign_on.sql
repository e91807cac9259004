-- +goose Up

-- An office's OpenID Connect provider: at most one.
create table sso_providers (
    office_id      bigint primary key references offices on delete cascade,
    -- Compared byte for byte with what the provider says of itself.
    issuer         text        not null check (length(issuer) between 1 and 500),
    client_id      text        not null check (length(client_id) between 1 and 300),
    -- Sealed with the office's id as associated data.
    secret_ct      bytea       not null,
    -- What a sign-in is worth where the office demands two factors.
    policy         text        not null default 'refuse' check (policy in ('refuse', 'trust', 'ask')),
    -- Values of acr that say as much as a second factor, where this provider sends no amr.
    acr_values     text[]      not null default '{}',
    -- What the last test of the connection brought back; '' is well, else a key of the catalogue.
    tested_at      timestamptz,
    test_trouble   text        not null default '',
    test_amr       text[]      not null default '{}',
    test_acr       text        not null default '',
    test_auth_time boolean     not null default false,
    created_at     timestamptz not null default now(),
    changed_at     timestamptz not null default now()
);

-- Whom a provider's subject stands for. Never an e-mail address: those change hands.
alter table users add constraint users_id_office unique (id, office_id);
create table sso_identities (
    id        bigint generated always as identity primary key,
    office_id bigint      not null,
    user_id   bigint      not null,
    issuer    text        not null,
    subject   text        not null check (length(subject) between 1 and 255),
    linked_at timestamptz not null default now(),
    -- A user of this office, and of no other.
    foreign key (user_id, office_id) references users (id, office_id) on delete cascade,
    unique (office_id, issuer, subject),
    unique (user_id, issuer)
);

-- A visitor who is at the provider, or back and about to prove who they are here.
create table sso_flows (
    id           bigint generated always as identity primary key,
    purpose      text        not null check (purpose in ('sign_in', 'test', 'link')),
    office_id    bigint      not null references offices on delete cascade,
    -- Of a test the superuser; of a link whoever has proven the password since.
    user_id      bigint references users on delete cascade,
    -- SHA-256 of the state, and of the cookie of the browser that left: both must come back.
    state_hash   bytea       not null unique check (length(state_hash) = 32),
    browser_hash bytea       not null unique check (length(browser_hash) = 32),
    nonce_hash   bytea       not null check (length(nonce_hash) = 32),
    -- The PKCE verifier, and where the browser goes, sealed with the hash of the state.
    verifier_ct  bytea       not null,
    onward_ct    bytea       not null,
    issuer       text        not null,
    -- Of a link: whom the provider vouched for.
    subject      text        not null default '',
    -- What the provider calls them: to be read, never to find a user by.
    label        text        not null default '',
    expires_at   timestamptz not null,
    check ((purpose = 'link') = (subject <> '')),
    check (purpose <> 'test' or user_id is not null)
);
create index sso_flows_over on sso_flows (expires_at);

-- For the list of those who were refused.
create index audit_events_sso_refused on audit_events (office_id, id desc) where action = 'sso_refused';

-- +goose Down
select 1;
