-- name: MailRecipient :one
-- Who can be written to, and in which language they read.
select email, language from users where id = @id and disabled_at is null;

-- name: MailInsert :one
insert into mails (user_id, kind, language, link_id, payload_ct, address, browser, system, to_address, by_id,
    about_id)
values (@user_id, @kind, @language, @link_id, @payload_ct, @address, @browser, @system,
    nullif(@to_address::text, ''), nullif(@by_id::bigint, 0), nullif(@about_id::bigint, 0))
returning id;

-- name: MailBegin :one
-- One more try, written down before the call.
update mails set state = 'sending', tries = tries + 1, changed_at = now()
where id = @id and not final
returning tries;

-- name: MailForSending :one
-- Everything the mail is made of, and whether its link still opens anything, or what it tells is over. Who has not
-- logged in yet has no time zone of their own: the office's, or that of who wrote, is nearer than none.
select m.id, m.user_id, m.kind, m.language, m.link_id, m.payload_ct, m.address, m.browser, m.system, m.queued_at,
    m.final,
    u.name, u.username, coalesce(nullif(u.time_zone, ''), nullif(o.time_zone, ''), b.time_zone, '')::text as time_zone,
    u.office_id,
    coalesce(b.name, '')::text as by_name,
    coalesce(b.office_id is distinct from u.office_id, false)::boolean as by_operator,
    coalesce(m.to_address, u.email)::text as email,
    (u.disabled_at is not null)::boolean as disabled,
    coalesce(o.code, '')::text as office_code, coalesce(o.name, '')::text as office_name,
    exists (select from sso_identities i where i.user_id = u.id)::boolean as single_sign_on,
    (l.id is null or (l.used_at is null and l.expires_at > now()))::boolean as link_lives,
    coalesce(l.expires_at, now())::timestamptz as link_expires_at, now()::timestamptz as now,
    coalesce(own_date(u.role, u.demanded_from, o.demanded_from), now())::timestamptz as demanded_from,
    case when m.kind <> 'invite' or o.id is null then '' when second_factor_demanded(o.id, u.id, now()) then 'now'
        when own_date(u.role, u.demanded_from, o.demanded_from) > now() then 'from'
        when office_demands(o.two_factor_required, o.demanded_from, now()) then 'soon' else '' end::text as second_step,
    case when m.kind = 'date_set' then own_date(u.role, u.demanded_from, o.demanded_from) is null
        when m.kind = 'reminder_summary' then not exists (
            select from not_ready n where n.office_id = o.id and n.demanded_from > now())
        -- Ready by now, or the date is another one than it was: the reminder of that one comes by itself.
        when m.kind like 'reminder\_%' then not exists (
            select from reminders r join not_ready n on n.user_id = r.user_id
            where r.user_id = m.user_id and r.sent_at = m.queued_at
                and r.demanded_from is not distinct from n.demanded_from)
        else false end::boolean as date_gone,
    coalesce(case when not k.money then 0 when o.id is null then (select money_cap from installation)
        else o.money_cap end, 0)::float8 as cap,
    case when k.money then (select coalesce(sum(c.cost), 0) from costs c
        where c.month = this_month() and (o.id is null or c.office_id = o.id)) else 0 end::float8 as spent
from mails m
join users u on u.id = m.user_id
left join offices o on o.id = coalesce(m.about_id, u.office_id)
cross join lateral (select m.kind ~ '^caps?_' as money) k
left join one_time_links l on l.id = m.link_id
left join users b on b.id = m.by_id
where m.id = @id
for update of m;

-- name: MailEnd :exec
-- Sent, or never to be sent.
update mails set state = @state, reason = @reason, final = true, payload_ct = null,
    fault = case when @state = 'sent' then '' else fault end,
    changed_at = now()
where id = @id and not final;

-- name: MailFail :one
-- Given up. It answers with whom the history names, and whether the user can read a notice.
update mails m set state = 'failed', reason = @reason, fault = @fault, code = @code, final = true, payload_ct = null,
    changed_at = now()
from users u
where m.id = @id and not m.final and u.id = m.user_id
returning u.id as user_id, u.username, u.office_id, coalesce(m.by_id, 0)::bigint as by_id,
    coalesce((select b.username from users b where b.id = m.by_id), '')::text as by_username,
    (u.password_hash <> '' and m.to_address is null)::boolean as reads;

-- name: MailRetry :exec
update mails set state = 'retrying', reason = @reason, fault = @fault, code = @code, changed_at = now()
where id = @id and not final;

-- name: MailTroubles :many
-- What keeps mails from going out now, and is no recipient's doing.
select fault, code, count(*)::int as mails, max(changed_at)::timestamptz as last_at from mails
where fault not in ('', 'address', 'content', 'later') and changed_at > now() - interval '1 hour'
group by fault, code order by mails desc, fault, code limit 5;

-- name: MailDropDead :execrows
-- Mails whose link opens nothing any more: their token must not lie about.
update mails m set state = 'dropped', reason = 'link is over', final = true, payload_ct = null, changed_at = now()
where not m.final and m.id in (
    select d.id from mails d join one_time_links l on l.id = d.link_id
    where not d.final and (l.used_at is not null or l.expires_at <= now()) limit @batch
);

-- name: MailDeleteOld :execrows
delete from mails where id in (
    select m.id from mails m where m.final and m.queued_at < now() - interval '30 days' limit @batch
);

-- name: DemoMailInsert :exec
insert into demo_mails (address, subject, body) values (@address, @subject, @body);

-- name: DemoMailList :many
select id, address, subject, body, at from demo_mails order by id desc limit 50;
