-- name: ResealAuthenticatorList :many
-- Authenticators that another key than this one sealed, from a user on.
select user_id, secret_ct from authenticators
where user_id > @after and substring(secret_ct from 2 for 4) <> @key_id::bytea
order by user_id limit @batch;

-- name: ResealAuthenticator :execrows
-- Not when it changed meanwhile: an app set up anew wins.
update authenticators set secret_ct = @sealed_anew where user_id = @user_id and secret_ct = @before;

-- name: ResealSSOList :many
-- Client secrets that another key than this one sealed, from an office on.
select office_id, secret_ct from sso_providers
where office_id > @after and substring(secret_ct from 2 for 4) <> @key_id::bytea
order by office_id limit @batch;

-- name: ResealSSO :execrows
update sso_providers set secret_ct = @sealed_anew where office_id = @office_id and secret_ct = @before;
