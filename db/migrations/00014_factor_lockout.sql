-- +goose Up

-- Wrong second factors that no success takes back: in a day, and in thirty days from browsers in which the user never
-- completed a log-in. Twenty, and a hundred, lock all factors but recovery codes.
alter table factor_failures add column in_a_day integer not null default 0 check (in_a_day >= 0);
alter table factor_failures add column day_since timestamptz not null default now();
alter table factor_failures add column from_strangers integer not null default 0 check (from_strangers >= 0);
alter table factor_failures add column strangers_since timestamptz not null default now();
alter table factor_failures add column locked_at timestamptz;

-- Which accounts were tried from an address, to slow down who walks through many of them. Own networks' and proxies'
-- addresses do not stand here.
create table address_tries (
    address      text not null,
    -- office code and username, canonical
    account      text not null,
    failed_at    timestamptz,
    succeeded_at timestamptz,
    primary key (address, account)
);

-- +goose Down
select 1;
