-- +goose Up

-- What requests told of the proxies in front: a row for each kind of fault, whatever a stranger sends.
create table proxy_findings (
    finding  text        primary key check (finding in ('unnamed', 'silent', 'passed_on')),
    requests bigint      not null check (requests > 0),
    last_at  timestamptz not null default now()
);

-- +goose Down
drop table proxy_findings;
