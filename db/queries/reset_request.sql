-- name: ResetRequestPut :execrows
-- The first who asks is the one who asked.
insert into reset_requests (user_id, asked_by) values (@user_id, @asked_by) on conflict (user_id) do nothing;

-- name: ResetRequestDelete :execrows
delete from reset_requests where user_id = @user_id;

-- name: ResetRequestList :many
select u.id, u.name, u.username, b.name as asked_by, r.asked_at
from reset_requests r
join users u on u.id = r.user_id
join users b on b.id = r.asked_by
where u.office_id = @office_id::bigint
order by r.asked_at, u.id
limit 100;
