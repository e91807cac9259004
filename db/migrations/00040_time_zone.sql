-- +goose Up

-- The time zone of a user's browser, by its IANA name, as it was at their last log-in: mails tell moments in it. ''
-- is not known: the installation's.
alter table users add column time_zone text not null default '' check (length(time_zone) <= 64);

-- +goose Down
select 1;
