-- name: ExemptionSubject :one
-- A user of an office by name, the nearest form first: see account.LookUp.
select id, username, role from users
where office_id = @office_id::bigint and username = any(@usernames::text[])
order by array_position(@usernames::text[], username) limit 1;

-- name: ExemptionPut :one
-- In the place of the one that the user has, for whoever holds the office.
with before as (
    update exemptions set ended_at = now() where user_id = @user_id and ended_at is null
)
insert into exemptions (user_id, reason, given_by, until)
values (@user_id, @reason, @given_by, now() + make_interval(days => @days::int))
returning until;

-- name: ExemptionEnd :one
-- No row when there is none, or it is of another office.
update exemptions e set ended_at = now()
from users u
where u.id = e.user_id and u.office_id = @office_id::bigint and e.id = @id and e.ended_at is null and e.until > now()
returning u.id, u.username;

-- name: ExemptionList :many
-- Those of an office that spare somebody now, the first to end first.
select e.id, u.username, u.name, e.reason, e.until, coalesce(g.name, '')::text as given_by
from exemptions e
join users u on u.id = e.user_id
left join users g on g.id = e.given_by
where u.office_id = @office_id::bigint and u.role <> 'superuser' and e.ended_at is null and e.until > now()
order by e.until, e.id limit 500;
