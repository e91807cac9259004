-- name: ProxyFindingAdd :exec
insert into proxy_findings (finding, requests) values (@finding, @requests)
on conflict (finding) do update set requests = proxy_findings.requests + excluded.requests, last_at = now();

-- name: ProxyFindingsRecent :many
-- A fault that was mended is not told any more after a day.
select finding, requests, last_at from proxy_findings where last_at > now() - interval '1 day' order by finding;
