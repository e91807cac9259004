-- +goose Up

-- Waves may be planned before there is a date: then nobody was told one, and who joins has none. With a date, who joins
-- gets that of their role's wave.
-- +goose StatementBegin
create or replace function user_gets_date() returns trigger language plpgsql as $$
begin
    select w.demanded_from into new.demanded_from
    from office_waves w join offices o on o.id = w.office_id
    where w.office_id = new.office_id and w.role = new.role and o.demanded_from is not null;
    return new;
end $$;
-- +goose StatementEnd

-- Groups have names of their own.
create unique index office_waves_name on office_waves (office_id, lower(name)) where role is null;

-- A browser that was trusted before a date came was trusted under the policy before: as with the switch, its user
-- proves their factor anew.
create or replace view standing_trusts as
select t.*, u.office_id
from trusted_browsers t
join users u on u.id = t.user_id
join offices o on o.id = u.office_id
where t.ended_at is null and t.expires_at > now() and u.disabled_at is null
    and t.password_version = u.password_version and t.role = u.role and has_factor(u.id)
    and t.created_at + make_interval(days => o.trusted_browser_days::integer) > now()
    and not coalesce(own_date(u.role, u.demanded_from, o.demanded_from) between t.created_at and now(), false);

-- +goose Down
select 1;
