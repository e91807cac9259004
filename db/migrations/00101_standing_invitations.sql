-- +goose Up

-- The invitation that a user without a password has, living or over. Where another ended it, or an e-mail address was
-- replaced, it is none any more. created_at is when it was sent.
create view standing_invitations as
select distinct on (l.user_id) l.user_id, l.created_at as sent_at, l.expires_at, (l.expires_at <= now()) as over
from one_time_links l join users u on u.id = l.user_id
where l.purpose = 'invite' and l.used_at is null and u.password_hash = '' and u.disabled_at is null
order by l.user_id, l.id desc;

-- +goose Down
select 1;
