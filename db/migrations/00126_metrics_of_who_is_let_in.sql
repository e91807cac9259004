-- +goose Up

-- Day passes are few among very many sessions, and counted at every scrape; so are exemptions.
create index sessions_pass on sessions (pass_until) where pass_until is not null;
create index exemptions_until on exemptions (until) where ended_at is null;

-- +goose Down
select 1;
