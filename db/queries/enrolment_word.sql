-- name: EnrolmentWordPut :exec
insert into enrolment_words (user_id, word_mac, key_id, expires_at)
values (@user_id, @word_mac, @key_id, now() + @life::interval)
on conflict (user_id) do update set
    word_mac = excluded.word_mac, key_id = excluded.key_id, expires_at = excluded.expires_at;

-- name: EnrolmentWordOf :one
select word_mac, (expires_at > now())::boolean as lives from enrolment_words where user_id = @user_id;

-- name: EnrolmentWordDelete :exec
delete from enrolment_words where user_id = @user_id;

-- name: EnrolmentWordGiven :exec
update sessions set word_given_at = now() where id = @session_id and ended_at is null;

-- name: ResetStanding :one
-- What decides how a user comes back in after a reset, behind the lock of the office: whether somebody else of the
-- office would still be a superuser who can log in if this user had no password (office_keeps_a_superuser).
select u.email, (u.disabled_at is null)::boolean as enabled,
    (u.role = 'superuser' and u.disabled_at is null and u.password_hash <> '' and not exists (
        select from users o where o.office_id = u.office_id and o.id <> u.id and o.role = 'superuser'
            and o.disabled_at is null and o.password_hash <> ''))::boolean as last_superuser
from users u where u.id = @user_id;

-- name: PasswordVoid :exec
-- Nothing matches an empty hash.
update users set password_hash = '', password_long = null, password_voided_at = now() where id = @user_id;

-- name: UserDemandedFrom :one
-- From when on a second factor is demanded of a user of whom none is, if that is known.
select d.at
from users u cross join lateral (select demand_changes(u.office_id, u.id, now())::timestamptz as at) d
where u.id = @id and d.at is not null and second_factor_demanded(u.office_id, u.id, d.at);

-- name: UserGraceAnew :exec
-- After a reset the first log-in begins the user's first hours once more.
update users set grace_until = null where id = @user_id;

-- name: SSOIdentityForget :exec
-- A reset: an account at the provider that somebody else linked must not outlive it.
delete from sso_identities where user_id = @user_id;

-- name: KnownBrowserForget :exec
-- Every browser of a user but one: whoever knew the password before is a stranger from now on.
delete from known_browsers where user_id = @user_id and browser_hash is distinct from @keep::bytea;
