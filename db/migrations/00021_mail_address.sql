-- +goose Up

-- The address a mail goes to when that is not its user's present one: who changes an address tells the old one.
alter table mails add column to_address text check (to_address <> '');

-- +goose Down
select 1;
