-- +goose Up

-- The view of what each master key is still needed for, with the answers that are kept.
create or replace view key_uses as
select substring(a.secret_ct from 2 for 4) as key_id, 1 as lasting, 0 as brief, 0 as codes from authenticators a
union all
select substring(p.secret_ct from 2 for 4), 1, 0, 0 from sso_providers p
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
