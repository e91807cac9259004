-- name: NoticeInsert :exec
insert into notices (user_id, kind) values (@user_id, @kind);

-- name: NoticeList :many
select id, kind, created_at from notices where user_id = @user_id and seen_at is null order by id desc limit 5;

-- name: NoticeSee :exec
update notices set seen_at = now() where user_id = @user_id and seen_at is null and id <= @up_to;

-- name: NoticeUnread :one
select exists (select from notices where user_id = @user_id and kind = @kind and seen_at is null)::boolean;
