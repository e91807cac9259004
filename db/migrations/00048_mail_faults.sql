-- +goose Up

-- What is, or was, in a mail's way: a word of internal/mail, and the server's number; and who caused the mail, when
-- that is not its reader: they are the ones to see it.
alter table mails
    add column fault text not null default '' check (fault ~ '^[a-z_]{0,20}$'),
    add column code smallint not null default 0,
    add column by_id bigint references users on delete set null;
create index mails_by on mails (by_id) where by_id is not null;
create index mails_faults on mails (changed_at) where fault <> '';

-- The newest mail of each user to their own address, which says whether they can be reached.
create function last_mail(of_user bigint)
returns table (kind text, fault text, code smallint, final boolean, at timestamptz)
language sql stable rows 1 as $$
    select m.kind, m.fault, m.code, m.final, m.changed_at from mails m
    where m.user_id = of_user and m.to_address is null order by m.id desc limit 1
$$;

-- +goose Down
select 1;
