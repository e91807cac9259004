-- +goose Up

-- Passwords are hashed as typed.Password reads them. Those that were set before were hashed byte by byte ('typed'),
-- until their user proves them: then they are 'read' where both are the same, else hashed anew ('rehashed'). It says
-- which of the two forms is compared, so that each try costs one hash.
alter table users add column password_form text not null default 'typed'
    check (password_form in ('typed', 'read', 'rehashed'));

-- The same password in another form is no new one.
drop trigger count_password_version on users;
create trigger count_password_version before update of password_hash on users
    for each row when (
        old.password_hash <> new.password_hash
        and not (old.password_form = 'typed' and new.password_form = 'rehashed')
    )
    execute function count_password_version();
