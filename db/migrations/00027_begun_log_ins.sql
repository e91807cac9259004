-- +goose Up

-- Where a session began (package network): who has the password alone begins no more log-ins than these.
alter table sessions add column network text not null default '';
alter table sessions add column site text not null default '';
create index sessions_begun on sessions (user_id, created_at) where not known_browser;

-- How many log-ins of one user new browsers at a network, or a site (wide), may begin in a minute and not finish. own:
-- behind a proxy that nobody named everybody is there.
create function max_begun_log_ins(wide boolean, own boolean) returns integer language sql immutable parallel safe
return case when own then 100 when wide then 10 else 5 end;

-- +goose Down
select 1;
