-- +goose Up

-- The user left this one application, in My settings; the session goes on.
alter table oidc_visits add column left_at timestamptz;

-- +goose Down
select 1;
