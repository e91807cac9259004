-- name: SigningKeyPublished :many
-- The keys that stand in the published set, the ones that sign first.
select kid, algorithm, public_key, private_ct, signs_from, signs from published_keys
order by algorithm, signs desc, signs_from, id;

-- name: SigningKeySigns :one
-- The key of an algorithm that signs now.
select kid, private_ct from published_keys where algorithm = @algorithm and signs;

-- name: SigningKeyDue :one
-- When the next key of an algorithm begins to sign, null when none is due.
select coalesce(next_signing_key(@algorithm), 'infinity')::timestamptz < 'infinity' as due;

-- name: SigningKeyLock :exec
-- Nobody else makes keys until this transaction ends.
select pg_advisory_xact_lock(hashtext('signing_keys'));

-- name: SigningKeyInsert :execrows
-- A new key, when one is still due.
insert into signing_keys (kid, algorithm, public_key, private_ct, signs_from)
select @kid, @algorithm, @public_key, @private_ct, d.at
from (select next_signing_key(@algorithm) as at) d where d.at is not null;

-- name: SigningKeyRevoke :execrows
update signing_keys set revoked_at = now(), private_ct = '' where kid = @kid and revoked_at is null;

-- name: SigningKeyDeleteOld :execrows
-- Keys that stand in the set no more.
delete from signing_keys where id in (
    select k.id from signing_keys k
    where (k.revoked_at < now() - interval '30 days'
        or k.revoked_at is null and not exists (select from published_keys p where p.id = k.id)) limit @batch
);

-- name: ResealSigningKeyList :many
-- Keys that another master key than this one sealed, from an id on.
select id, kid, private_ct from signing_keys
where id > @after and revoked_at is null and substring(private_ct from 2 for 4) <> @key_id::bytea
order by id limit @batch;

-- name: ResealSigningKey :execrows
update signing_keys set private_ct = @sealed_anew where id = @id and private_ct = @before;
