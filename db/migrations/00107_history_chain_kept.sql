-- +goose Up

-- From here on no event without its link: what was written since the migration before is linked while nothing is
-- written.
lock table audit_events in share row exclusive mode;
select link_audit_events();
drop function link_audit_events();

-- An event is linked when its transaction ends, and so the one lock of a chain is held for the end alone: no log-in
-- waits behind a long act. Under that lock nothing may wait for another: of two chains the lower is taken first (see
-- RefusedLoginWrite), and what the rule about the last superuser may have to wait for at the end, its office's row, is
-- taken when the superuser is changed.
-- +goose StatementBegin
create function audit_event_is_linked() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('audit_links', coalesce(new.office_id, 0)));
    perform link_audit_event(new);
    return null;
end $$;
-- +goose StatementEnd
create constraint trigger audit_events_are_linked after insert on audit_events
    deferrable initially deferred for each row execute function audit_event_is_linked();

-- +goose StatementBegin
create function office_is_held() returns trigger language plpgsql as $$
begin
    perform from offices where id = old.office_id for no key update;
    return null;
end $$;
-- +goose StatementEnd
create trigger superuser_goes_with_the_office_held after update of role, disabled_at, office_id, password_hash on users
    for each row when (old.role = 'superuser' and old.disabled_at is null and old.password_hash <> '' and not (
        new.role = 'superuser' and new.disabled_at is null and new.password_hash <> ''
        and new.office_id = old.office_id))
    execute function office_is_held();
create trigger superuser_is_deleted_with_the_office_held after delete on users
    for each row when (old.role = 'superuser' and old.disabled_at is null and old.password_hash <> '')
    execute function office_is_held();

-- +goose StatementBegin
create function history_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'the history is append-only';
end $$;
-- +goose StatementEnd
create trigger audit_events_are_not_emptied before truncate on audit_events
    for each statement execute function history_is_kept();
create trigger audit_links_are_kept before update or delete or truncate on audit_links
    for each statement execute function history_is_kept();
create trigger audit_heads_are_kept before update or delete or truncate on audit_heads
    for each statement execute function history_is_kept();

-- +goose Down
select 1;
