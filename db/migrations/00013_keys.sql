-- +goose Up

-- Which key seals, for all processes: installation.key_fingerprint. What stands in key_next was added to a key file by
-- nightlatch keys rotate and seals nothing yet.
alter table installation add column key_next text not null default '';
alter table installation add column key_changed_at timestamptz;

-- Which keys each serving process has, told every few seconds: no key may seal before all of them have it.
create table key_holders (
    process      text primary key,
    host         text        not null,
    fingerprints text[]      not null,
    seen_at      timestamptz not null default now()
);

-- The id of the key that made the MAC: it cannot be made anew, so its key stays needed while the code is unused.
-- Null for the codes of an earlier release, whose key is not known.
alter table recovery_codes add column key_id bytea check (length(key_id) = 4);

-- +goose Down
select 1;
