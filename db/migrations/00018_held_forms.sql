-- +goose Up

-- A form that needs a step-up, kept until its user has proven it: one for a session. It is gone when the session ends.
create table held_forms (
    session_id   bigint      primary key references sessions on delete cascade,
    -- where it was posted to, and the page that the step-up leads back to
    path         text        not null check (path ~ '^/' and length(path) <= 200),
    next         text        not null check (next ~ '^/' and length(next) <= 200),
    content_type text        not null check (length(content_type) <= 200),
    -- sealed under the session's id; an import is the largest form
    body_ct      bytea       not null check (octet_length(body_ct) <= 1200000),
    expires_at   timestamptz not null
);

-- +goose StatementBegin
create function end_held_form() returns trigger language plpgsql as $$
begin
    delete from held_forms where session_id = new.id;
    return null;
end $$;
-- +goose StatementEnd

create trigger sessions_end_held_form after update of ended_at on sessions
for each row when (new.ended_at is not null) execute function end_held_form();

-- +goose Down
select 1;
