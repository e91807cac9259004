-- +goose Up

-- For how many days an invitation to an office lives. A link for a forgotten password keeps its half hour: it comes to
-- who has just asked for it, and an invitation to somebody who reads it when they are back.
alter table offices add column invitation_days smallint not null default 7 check (invitation_days between 1 and 30);

-- For how long a link to a user's first password lives. Nobody but an office's users is invited.
-- +goose StatementBegin
create function invitation_life(invited bigint) returns interval language plpgsql stable parallel safe as $$
begin
    return coalesce((
        select make_interval(days => o.invitation_days::integer)
        from users u join offices o on o.id = u.office_id where u.id = invited
    ), link_life());
end $$;
-- +goose StatementEnd

-- +goose Down
select 1;
