-- +goose Up

-- Who still has to do something before a date: enabled, without a factor here or at a provider that the office trusts,
-- and not exempt beyond their date. demanded_from is theirs: what they were told, else the office's; null without one.
create view not_ready as
select u.id as user_id, u.office_id, u.name, u.username, u.email, u.password_hash = '' as invited,
    own_date(u.role, u.demanded_from, o.demanded_from) as demanded_from
from users u join offices o on o.id = u.office_id
where u.disabled_at is null and not has_factor(u.id) and not factor_elsewhere(u.id)
    and (u.role = 'superuser' or not exists (
        select from exemptions e where e.user_id = u.id and e.ended_at is null and e.until > now()
            and e.until > coalesce(u.demanded_from, o.demanded_from, now())
    ));

-- What was sent to remind somebody: a row is one mail, and its being there is why no other node sends a second one.
-- days: how many before the date that it names, 0 when a superuser asked. summary: the names, to a superuser. sent_at
-- is the moment of the transaction, which the mail has as queued_at: by it a mail that waits is known.
create table reminders (
    id            bigint      generated always as identity primary key,
    user_id       bigint      not null references users on delete cascade,
    days          smallint    not null check (days in (0, 1, 3, 7)),
    demanded_from timestamptz,
    summary       boolean     not null default false,
    sent_at       timestamptz not null default now()
);
create index reminders_user on reminders (user_id, sent_at);
create unique index reminders_once on reminders (user_id, days, demanded_from, summary) where days > 0;

-- +goose Down
select 1;
