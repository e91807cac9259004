-- name: OfficeUserPage :many
-- A page of an office's users whose name or username has the search in it, and how many there are in all pages. Names
-- may be of before typed.Line.
select u.id, u.username, u.name, u.role, u.disabled_at, (u.password_hash <> '')::boolean as has_password,
    (u.email <> '')::boolean as has_email, i.sent_at as invited_at, i.expires_at as invited_until,
    coalesce(i.over, false)::boolean as invitation_over,
    factors_of(u.id)::jsonb as factors, (r.user_id is not null)::boolean as reset_asked,
    coalesce(l.fault <> '' and l.final, false)::boolean as mail_failed, (count(*) over ())::int as found,
    exists (select from living_help_requests h where h.user_id = u.id)::boolean as asks_help
from users u
left join reset_requests r on r.user_id = u.id
left join lateral last_mail(u.id) l on true
left join standing_invitations i on i.user_id = u.id
where u.office_id = @office_id::bigint
    and (position(lower(@search::text) in lower(translate(u.name, '‘’ʼ–—‑‐−', '''''''-----'))) > 0
        or position(@username::text in u.username) > 0)
order by lower(u.name), u.id
limit @at_most::int offset @skip::int;

-- name: OfficeUserWithoutNumber :many
-- Users of an office who can log in, of these roles, with neither a number nor another factor; and how many there are.
select u.id, u.username, u.name, (count(*) over ())::int as found
from users u
where u.office_id = @office_id::bigint and u.disabled_at is null and u.role = any(@roles::text[])
    and not has_factor(u.id) and not exists (select from mobile_numbers m where m.user_id = u.id)
order by lower(u.name), u.id
limit @at_most::int;

-- name: OfficeUserCount :one
select count(*)::int from users where office_id = @office_id::bigint;

-- name: OfficeUserAll :many
-- Every user of an office, for an import and an export.
select u.id, u.username, u.name, u.email, u.role, u.language, u.disabled_at, factors_of(u.id)::jsonb as factors
from users u
where u.office_id = @office_id::bigint
order by u.username;

-- name: OfficeUserStanding :one
-- What the page of a user shows beside their settings.
select (u.password_hash <> '')::boolean as has_password,
    (select count(*) from living_sessions s where s.user_id = u.id)::int as sessions,
    (u.password_voided_at is not null)::boolean as password_voided,
    exists (select from one_time_links l where l.user_id = u.id and l.used_at is null and l.expires_at > now())::boolean
        as link_lives,
    inv.sent_at as invited_at, inv.expires_at as invited_until, coalesce(inv.over, false)::boolean as invitation_over,
    (w.user_id is not null)::boolean as word_owed, coalesce(w.expires_at > now(), false)::boolean as word_lives,
    exists (select from sso_identities i where i.user_id = u.id)::boolean as single_sign_on,
    exists (select from living_help_requests h where h.user_id = u.id)::boolean as asks_help,
    r.asked_at, b.name as asked_by, coalesce(l.kind, '')::text as mail_kind, coalesce(l.fault, '')::text as mail_fault,
    coalesce(l.code, 0)::smallint as mail_code, coalesce(l.final, false)::boolean as mail_final
from users u
left join lateral last_mail(u.id) l on true
left join standing_invitations inv on inv.user_id = u.id
left join enrolment_words w on w.user_id = u.id
left join reset_requests r on r.user_id = u.id
left join users b on b.id = r.asked_by
where u.office_id = @office_id::bigint and u.id = @id;

-- name: OfficeSessions :one
-- How many living sessions an office has, and of how many users.
select count(*)::int as sessions, count(distinct s.user_id)::int as users
from living_sessions s
where s.office_id = @office_id::bigint;

-- name: OfficeUserLock :one
select id, username, name, email, role, disabled_at from users
where office_id = @office_id::bigint and id = @id for update;

-- name: OfficeUserChange :exec
update users set name = @name, email = @email, role = @role where office_id = @office_id::bigint and id = @id;

-- name: OfficeUserDisable :execrows
update users set disabled_at = now() where office_id = @office_id::bigint and id = @id and disabled_at is null;

-- name: OfficeUserEnable :execrows
update users set disabled_at = null where office_id = @office_id::bigint and id = @id and disabled_at is not null;

-- name: OfficeUserDelete :execrows
delete from users where office_id = @office_id::bigint and id = @id;

-- name: NoticeInsertSuperusers :exec
-- Tells every enabled superuser of an office at the next page they see.
insert into notices (user_id, kind)
select id, @kind::text from users where office_id = @office_id::bigint and role = 'superuser' and disabled_at is null;
