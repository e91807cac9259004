-- +goose Up

-- Whether its user logged out: the log-in page says so in another tab, and not that somebody ended the session.
alter table sessions add column logged_out boolean not null default false;

-- +goose Down
select 1;
