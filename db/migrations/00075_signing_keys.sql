-- +goose Up

-- How long a key stands in the published set before it signs, how long it signs, and how long it still stands there
-- after another has taken its place: whoever keeps a copy of the set for a day is never surprised.
create function signing_key_lead() returns interval language sql immutable parallel safe
return interval '24 hours';
create function signing_key_life() returns interval language sql immutable parallel safe
return interval '30 days';
create function signing_key_tail() returns interval language sql immutable parallel safe
return interval '24 hours';

-- What the provider signs with, an algorithm each.
create table signing_keys (
    id         bigint generated always as identity primary key,
    -- The thumbprint of the public key (RFC 7638).
    kid        text        not null unique check (length(kid) = 43),
    algorithm  text        not null check (algorithm in ('RS256', 'ES256')),
    -- The public key as PKIX, the private one as PKCS #8, sealed with the kid as associated data.
    public_key bytea       not null,
    private_ct bytea       not null,
    created_at timestamptz not null default now(),
    signs_from timestamptz not null,
    -- From then on it is in no set, and signs nothing.
    revoked_at timestamptz,
    check ((revoked_at is not null) = (private_ct = ''))
);
create index signing_keys_order on signing_keys (algorithm, signs_from);

-- The keys that stand in the set, and which of each algorithm signs now: the newest whose time has come, else (after a
-- revocation) the next.
create view published_keys as
select k.id, k.kid, k.algorithm, k.public_key, k.private_ct, k.created_at, k.signs_from,
    (row_number() over (partition by k.algorithm order by k.signs_from > now(),
        case when k.signs_from > now() then k.signs_from end, k.signs_from desc, k.id desc) = 1)::boolean as signs
from signing_keys k
where k.revoked_at is null and not exists (
    select from signing_keys n where n.algorithm = k.algorithm and n.revoked_at is null
        and n.signs_from > k.signs_from and n.signs_from < now() - signing_key_tail()
);

-- When the next key of an algorithm begins to sign, if it is due to be made now; else null.
create function next_signing_key(of_algorithm text) returns timestamptz language sql stable
return (
    select case
        when newest is null then now()
        when newest + signing_key_life() - signing_key_lead() <= now()
            then greatest(newest + signing_key_life(), now() + signing_key_lead())
    end
    from (select max(k.signs_from) as newest from signing_keys k
        where k.algorithm = of_algorithm and k.revoked_at is null) k
);

-- The view of what each master key is still needed for, with the keys that sign.
create or replace view key_uses as
select substring(a.secret_ct from 2 for 4) as key_id, 1 as lasting, 0 as brief, 0 as codes from authenticators a
union all
select substring(p.secret_ct from 2 for 4), 1, 0, 0 from sso_providers p
union all
select substring(s.private_ct from 2 for 4), 1, 0, 0 from signing_keys s where s.revoked_at is null
union all
select substring(e.secret_ct from 2 for 4), 0, 1, 0 from enrolments e where e.expires_at > now()
union all
select substring(s.codes_ct from 2 for 4), 0, 1, 0 from recovery_sheets s where s.expires_at > now()
union all
select substring(c.code_ct from 2 for 4), 0, 1, 0 from challenges c where c.ended_at is null
union all
select substring(m.payload_ct from 2 for 4), 0, 1, 0 from mails m where m.payload_ct is not null
union all
select substring(h.body_ct from 2 for 4), 0, 1, 0 from held_forms h where h.expires_at > now()
union all
select substring(coalesce(nullif(f.verifier_ct, ''), nullif(f.onward_ct, '')) from 2 for 4), 0, 1, 0 from sso_flows f
where f.expires_at > now() and (f.verifier_ct <> '' or f.onward_ct <> '')
union all
select substring(k.answer_ct from 2 for 4), 0, 1, 0 from kept_answers k
where k.until > now() and k.answer_ct is not null
union all
select w.key_id, 0, 1, 0 from enrolment_words w where w.expires_at > now()
union all
select coalesce(r.key_id, ''), 0, 0, 1 from recovery_codes r where r.used_at is null;

-- +goose Down
select 1;
