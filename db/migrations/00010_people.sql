-- +goose Up

-- An office never loses its last superuser who can log in: one who is enabled and has a password. (An
-- office that has none yet may go on so.) Judged when the transaction commits, so that two superusers may
-- change places in one.
-- +goose StatementBegin
create function office_keeps_a_superuser() returns trigger language plpgsql as $$
begin
    -- Whatever this transaction went on to do to the same user counts.
    perform from users where id = old.id and office_id = old.office_id
        and role = 'superuser' and disabled_at is null and password_hash <> '';
    if found then
        return null;
    end if;
    -- Two transactions that each take one of the last two would not see each other: the second waits here
    -- for the first, and the next statement then sees what it did (at READ COMMITTED, which is ours).
    perform from offices where id = old.office_id for no key update;
    if not found then
        return null; -- the office itself goes
    end if;
    perform from users where office_id = old.office_id
        and role = 'superuser' and disabled_at is null and password_hash <> '';
    if not found then
        raise exception 'office % would be left without a superuser who can log in', old.office_id
            using errcode = 'check_violation', constraint = 'office_keeps_a_superuser', table = 'users';
    end if;
    return null;
end $$;
-- +goose StatementEnd
create constraint trigger office_keeps_a_superuser_on_change
    after update of role, disabled_at, office_id, password_hash on users
    deferrable initially deferred for each row
    when (old.role = 'superuser' and old.disabled_at is null and old.password_hash <> '')
    execute function office_keeps_a_superuser();
create constraint trigger office_keeps_a_superuser_on_delete
    after delete on users
    deferrable initially deferred for each row
    when (old.role = 'superuser' and old.disabled_at is null and old.password_hash <> '')
    execute function office_keeps_a_superuser();

-- Somebody asked a superuser to reset this user's second factor. Gone when it is reset, or declined.
create table reset_requests (
    user_id  bigint primary key references users on delete cascade,
    asked_by bigint      not null references users on delete cascade,
    asked_at timestamptz not null default now()
);
create index reset_requests_asked_by on reset_requests (asked_by);

-- The list of an office's users, in its order, at any length.
create index users_list on users (office_id, lower(name), id);
-- Deleting a user looks for the numbers they registered.
create index mobile_numbers_registered_by on mobile_numbers (registered_by) where registered_by is not null;

-- +goose Down
select 1;
