-- +goose Up

-- A held form belongs to the browser that posted it, not to every holder of the session's cookie: whoever has a copy of
-- that would otherwise have a form of theirs performed with the owner's proof.
alter table held_forms add column ticket_hash bytea not null default '';

-- +goose Down
select 1;
