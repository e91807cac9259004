-- +goose Up

-- What an office decides about passkeys. No row: they are a second factor, and nothing else.
create table office_passkeys (
    office_id bigint  primary key references offices on delete cascade,
    alone     boolean not null -- with user verification a passkey is the whole log-in
);

-- +goose Down
select 1;
