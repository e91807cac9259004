-- name: InstallationKeyRemember :exec
-- The first start decides which key this database belongs to.
insert into installation (key_fingerprint) values (@key_fingerprint) on conflict do nothing;

-- name: InstallationKey :one
select key_fingerprint from installation;
