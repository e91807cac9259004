-- +goose Up

-- Whether an office asks every superuser for a passkey: see passkey_owed.
alter table office_passkeys add column superusers boolean not null default false;

-- Whether a superuser must make a passkey before anything else: their office asks for one, and they have none, or only
-- one of which there may be a copy.
-- +goose StatementBegin
create function passkey_owed(office bigint, of_user bigint) returns boolean language plpgsql stable parallel safe as $$
begin
    return exists (select from office_passkeys o where o.office_id = office and o.superusers)
        and not exists (select from passkeys p where p.user_id = of_user and p.copied_at is null);
end $$;
-- +goose StatementEnd

-- +goose Down
select 1;
