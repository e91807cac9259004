-- name: SSOProviderByCode :one
-- Of a code that nobody has and of an office without a provider alike there is no row.
select p.office_id, p.issuer, p.client_id, p.secret_ct, p.policy, p.acr_values, o.code as office_code,
    office_demands(o.two_factor_required, least(o.demanded_from, (
        select min(w.demanded_from) from office_waves w where w.office_id = o.id
    )), now())::boolean as two_factor_required
from sso_providers p join offices o on o.id = p.office_id
where o.code = @code;

-- name: SSOOfficesOfIssuer :many
-- Two are enough to know that the issuer alone does not tell the office. A slash at its end is a way of writing.
select o.code from sso_providers p join offices o on o.id = p.office_id
where rtrim(p.issuer, '/') = rtrim(@issuer::text, '/')
order by o.code
limit 2;

-- name: SSOProviderOf :one
select p.*, o.code as office_code,
    office_demands(o.two_factor_required, o.demanded_from, now())::boolean as two_factor_required
from sso_providers p join offices o on o.id = p.office_id
where p.office_id = @office_id;

-- name: SSOProviderHold :one
-- The policy at the call-back. Held, so that nobody switches it until what follows from it is written.
select o.code as office_code, p.issuer, p.policy, p.acr_values, now()::timestamptz as now
from offices o join sso_providers p on p.office_id = o.id
where o.id = @office_id
for share;

-- name: SSODemanded :one
-- Whether a second factor is demanded now of who comes from the provider: a user, or 0 for somebody unknown.
select second_factor_demanded(@office_id, @user_id, now())::boolean;

-- name: SSOProviderPut :exec
-- A test tells about the provider that was tested, so a change of it forgets the test.
insert into sso_providers as p (office_id, issuer, client_id, secret_ct, policy, acr_values)
values (@office_id, @issuer, @client_id, @secret_ct, @policy, @acr_values)
on conflict (office_id) do update
set issuer = excluded.issuer, client_id = excluded.client_id, secret_ct = excluded.secret_ct, policy = excluded.policy,
    acr_values = excluded.acr_values, changed_at = now(),
    tested_at = case when p.issuer = excluded.issuer and p.client_id = excluded.client_id
        and p.secret_ct = excluded.secret_ct then p.tested_at end;

-- name: SSOProviderDelete :execrows
delete from sso_providers where office_id = @office_id;

-- name: SSOProviderTested :exec
update sso_providers
set tested_at = now(), test_trouble = @trouble, test_amr = @amr, test_acr = @acr, test_auth_time = @auth_time
where office_id = @office_id and issuer = @issuer;

-- name: SSOFlowInsert :exec
insert into sso_flows (purpose, office_id, user_id, state_hash, browser_hash, nonce_hash, verifier_ct, onward_ct,
    issuer, network, site, known, expires_at)
values (@purpose, @office_id, @user_id, @state_hash, @browser_hash, @nonce_hash, @verifier_ct, @onward_ct, @issuer,
    @network, @site, @known, now() + interval '10 minutes');

-- name: SSOFlowCounts :one
-- Whether the browser is known for somebody of the office, and so counted by the office; and whether too many sign-ins
-- of strangers from a network, its site, or in all are not finished.
select exists (select from known_browsers k
        join users u on u.id = k.user_id
        join offices o on o.id = u.office_id
        where k.browser_hash = @browser_hash and o.code = @office_code and browser_is_known(u.id, k.browser_hash, 1)
            and (select count(*) from sso_flows f where f.office_id = o.id and f.known) < max_known_sso_flows()
    )::boolean as known,
    ((select count(*) from sso_flows f where f.network = @network and not f.known)
        >= max_sso_flows(false, @own::boolean)
    or (select count(*) from sso_flows f where f.site = @site and not f.known) >= max_sso_flows(true, @own)
    or (select count(*) from sso_flows f where not f.known) >= max_forms_of_strangers()
        and exists (select from sso_flows f where f.site = @site and not f.known))::boolean as too_many;

-- name: SSOFlowDropTests :exec
-- One test of a superuser is under way.
delete from sso_flows where purpose = 'test' and user_id = @user_id::bigint;

-- name: SSOFlowDeleteOld :execrows
delete from sso_flows where id in (
    select f.id from sso_flows f where f.expires_at < now() order by f.expires_at limit @batch
);

-- name: SSOFlowLeaving :one
-- The browser that is about to leave.
select state_hash, onward_ct, issuer from sso_flows
where browser_hash = @browser_hash and purpose in ('sign_in', 'test') and expires_at > now();

-- name: SSOFlowTake :one
-- Once, and only by the browser that left: whoever comes second finds nothing.
delete from sso_flows
where state_hash = @state_hash and browser_hash = @browser_hash and purpose in ('sign_in', 'test')
    and expires_at > now()
returning *;

-- name: SSOLinkInsert :exec
-- The provider vouched for somebody whom nobody here is linked to yet.
insert into sso_flows (purpose, office_id, state_hash, browser_hash, nonce_hash, verifier_ct, onward_ct, issuer,
    subject, label, network, site, known, expires_at)
values ('link', @office_id, @state_hash, @browser_hash, @nonce_hash, '', '', @issuer, @subject, @label, @network, @site,
    @known, now() + interval '10 minutes');

-- name: SSOLinkWaiting :one
select f.id, f.office_id, f.user_id, f.issuer, f.subject, f.label, o.code as office_code, o.name as office_name
from sso_flows f join offices o on o.id = f.office_id
where f.browser_hash = @browser_hash and f.purpose = 'link' and f.expires_at > now();

-- name: SSOLinkByPassword :one
-- Whether the password is all that its user has, and owes: no factor, and no word of a reset.
select (not has_factor(@user_id) and not exists (
    select from enrolment_words w where w.user_id = @user_id))::boolean;

-- name: SSOLinkProven :execrows
-- The password was right, and the second factor is still to come: nobody else may finish this link.
update sso_flows set user_id = @user_id::bigint
where id = @id and purpose = 'link' and coalesce(user_id, @user_id::bigint) = @user_id::bigint and expires_at > now();

-- name: SSOLinkTake :one
delete from sso_flows where id = @id and purpose = 'link' and expires_at > now() returning *;

-- name: SSOIdentityUser :one
select u.id, u.office_id::bigint as office_id, u.username, u.name, u.role, u.language, u.disabled_at
from sso_identities i join users u on u.id = i.user_id
where i.office_id = @office_id and i.issuer = @issuer and i.subject = @subject;

-- name: SSOIdentityInsert :exec
insert into sso_identities (office_id, user_id, issuer, subject) values (@office_id, @user_id, @issuer, @subject);

-- name: SSOIdentityOf :many
select issuer, linked_at from sso_identities where user_id = @user_id and office_id = @office_id order by linked_at;

-- name: SSOIdentityDelete :execrows
delete from sso_identities where user_id = @user_id and office_id = @office_id;

-- name: SSORefusals :many
select at, actor, detail, address from audit_events
where office_id = @office_id::bigint and action = 'sso_refused'
order by id desc limit 20;

-- name: SSOPreflight :one
-- How many enabled users sign in by the office's provider, and what the policy makes of that.
select p.policy, count(u.id)::int as users
from sso_providers p
left join sso_identities i on i.office_id = p.office_id and i.issuer = p.issuer
left join users u on u.id = i.user_id and u.disabled_at is null
where p.office_id = @office_id
group by p.policy;

-- name: SSORefusedJustNow :one
-- Whether somebody whom nobody here is linked to was refused so within the last minute.
select exists (
    select from audit_events
    where is_attempt(action) and at > now() - interval '1 minute' and office_id = @office_id::bigint
        and action = 'sso_refused' and actor_id is null and left(detail, 100) = left(@detail, 100)
)::boolean;
