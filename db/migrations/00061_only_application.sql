-- +goose Up

-- Whether a log-in goes straight on to the only application that its user may open.
alter table users add column opens_only boolean not null default true;

-- +goose Down
select 1;
