-- name: NoticeInsert :exec
insert into notices (user_id, kind) values (@user_id, @kind);

-- name: NoticeList :many
-- The newest of each kind: whoever guesses again and again hides nothing else with what that leaves.
select n.id, n.kind, n.created_at from (
    select distinct on (kind) id, kind, created_at from notices
    where user_id = @user_id and seen_at is null order by kind, id desc
) n
order by n.id desc;

-- name: NoticeSee :exec
update notices set seen_at = now() where user_id = @user_id and seen_at is null and id <= @up_to;

-- name: NoticeUnread :one
select exists (select from notices where user_id = @user_id and kind = @kind and seen_at is null)::boolean;
