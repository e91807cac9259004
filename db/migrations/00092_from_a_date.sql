-- +goose Up

-- Two factors from a date on. Until then the office is told; from then on second_factor_demanded says yes, with no job.
-- time_zone is the zone in which the office names its dates: '' is not chosen yet.
alter table offices
    add column demanded_from timestamptz,
    add column time_zone     text     not null default '' check (length(time_zone) <= 64),
    add column grace_hours   smallint not null default 0 check (grace_hours between 0 and 168),
    add check (not two_factor_required or demanded_from is null);

-- demanded_from: the date that a user was told, which stays theirs whatever their role or the waves become; null is
-- their office's. grace_until: null until the first log-in after the user was made or reset, which sets it.
alter table users
    add column demanded_from timestamptz,
    add column grace_until   timestamptz;
update users set grace_until = created_at where password_hash <> '';

-- Whose date is another than the office's: a role's, or that of who is named.
create table office_waves (
    id            bigint      generated always as identity primary key,
    office_id     bigint      not null references offices on delete cascade,
    name          text        not null check (length(name) between 1 and 60),
    role          text        check (role in ('user', 'accountant', 'superuser')),
    demanded_from timestamptz not null
);
create index office_waves_office on office_waves (office_id);
create unique index office_waves_role on office_waves (office_id, role) where role is not null;

-- Who is in a wave that is no role's.
create table office_wave_users (
    wave_id bigint not null references office_waves on delete cascade,
    user_id bigint not null references users on delete cascade,
    primary key (wave_id, user_id)
);
create index office_wave_users_user on office_wave_users (user_id);

-- Days on which no date falls.
create table office_black_outs (
    office_id bigint not null references offices on delete cascade,
    day       date   not null,
    name      text   not null default '' check (length(name) <= 120),
    primary key (office_id, day)
);

-- Who need not, for a while. A superuser never is one of them: see second_factor_demanded.
create table exemptions (
    id         bigint      generated always as identity primary key,
    user_id    bigint      not null references users on delete cascade,
    reason     text        not null check (length(reason) between 1 and 200),
    given_by   bigint      references users on delete set null,
    given_at   timestamptz not null default now(),
    until      timestamptz not null,
    ended_at   timestamptz,
    check (until > given_at and until <= given_at + interval '90 days')
);
create index exemptions_user on exemptions (user_id, until) where ended_at is null;

-- The one question: is a second factor demanded of a user of an office (null: an operator) at a moment? By the office's
-- switch, or its date or the user's own; but for who is exempt, and for who is new or was reset, has no factor, and is
-- in their first hours. A superuser is never spared: who may switch it off must not do so with a password alone. Nor is
-- who owes the word of a reset, since somebody else may know the password.
-- +goose StatementBegin
create or replace function second_factor_demanded(office bigint, user_id bigint, at timestamptz) returns boolean
    language plpgsql stable parallel safe as $$
begin
    return coalesce((
        select case
            when not o.two_factor_required and coalesce(u.demanded_from, o.demanded_from, 'infinity') > at then false
            when u.role = 'superuser' or u.id is null then true
            when exists (
                select from exemptions e
                where e.user_id = u.id and e.ended_at is null and e.until > at and e.given_at <= at
            ) then false
            when (u.grace_until > at or u.grace_until is null and o.grace_hours > 0) and not has_factor(u.id)
                and not exists (select from enrolment_words w where w.user_id = u.id) then false
            else true
        end
        from offices o left join users u on u.id = second_factor_demanded.user_id
        where o.id = second_factor_demanded.office
    ), true);
end $$;
-- +goose StatementEnd

-- When the answer for a user may be another one without anybody doing anything: the next of the moments that it is made
-- of, or null. Whoever remembers the answer forgets it then.
-- +goose StatementBegin
create function demand_changes(office bigint, user_id bigint, at timestamptz) returns timestamptz
    language plpgsql stable parallel safe as $$
begin
    return (
        select min(m.moment)
        from offices o left join users u on u.id = demand_changes.user_id
        cross join lateral (
            select coalesce(u.demanded_from, o.demanded_from) where not o.two_factor_required
            union all select u.grace_until
            union all select e.until from exemptions e where e.user_id = u.id and e.ended_at is null
        ) m (moment)
        where o.id = demand_changes.office and m.moment > at
    );
end $$;
-- +goose StatementEnd

-- Whether an office as such demands two factors: of whom it does not spare.
create function office_demands(required boolean, demanded_from timestamptz, at timestamptz) returns boolean
    language sql immutable parallel safe
return required or coalesce(demanded_from <= at, false);

-- Who joins an office that has a date gets that of their role.
-- +goose StatementBegin
create function user_gets_date() returns trigger language plpgsql as $$
begin
    select w.demanded_from into new.demanded_from
    from office_waves w where w.office_id = new.office_id and w.role = new.role;
    return new;
end $$;
-- +goose StatementEnd
create trigger users_get_date before insert on users for each row when (new.office_id is not null)
    execute function user_gets_date();

-- The first log-in begins a user's first hours, as many as the office gives then.
-- +goose StatementBegin
create function grace_begins() returns trigger language plpgsql as $$
begin
    update users u set grace_until = now() + make_interval(hours => coalesce((
        select o.grace_hours from offices o where o.id = u.office_id), 0)::int)
    where u.id = new.user_id and u.grace_until is null;
    return null;
end $$;
-- +goose StatementEnd
create trigger sessions_begin_grace after insert on sessions for each row execute function grace_begins();

-- A session that was, or became, a pending log-in: what was under way in it before is over. See session.Store.Load.
alter table sessions add column pending boolean not null default false;
update sessions s set pending = true from users u
where u.id = s.user_id and s.ended_at is null and s.level = 1 and second_factor_demanded(u.office_id, u.id, now());

-- What these change is told, as all that a check remembers: see 00060.
create trigger offices_date_changed after update of demanded_from, grace_hours on offices
    for each row execute function office_changed();
create trigger users_date_changed after update of demanded_from on users
    for each row when (new.demanded_from is distinct from old.demanded_from) execute function user_changed();
-- +goose StatementBegin
create function exemption_changed() returns trigger language plpgsql as $$
begin
    perform tell_change('user', coalesce(new.user_id, old.user_id));
    return null;
end $$;
-- +goose StatementEnd
create trigger exemptions_changed after insert or update or delete on exemptions
    for each row execute function exemption_changed();

-- +goose Down
select 1;
