-- +goose Up

-- Whether a user's second factor is at the office's provider: linked there, trusted for both factors, and none here.
-- The password alone must not enrol one for them, as it does for who has none at all.
create function factor_elsewhere(of_user bigint) returns boolean language sql stable parallel safe
return not has_factor(of_user) and exists (
    select from sso_identities i join sso_providers p on p.office_id = i.office_id and p.issuer = i.issuer
    where i.user_id = of_user and p.policy = 'trust'
);

-- +goose Down
select 1;
