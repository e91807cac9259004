-- +goose Up

-- Who has been told that a cap is nearly, or all, spent: once for each cap in each month. Without an office it is the
-- installation's cap.
create table cap_warnings (
    id        bigint generated always as identity primary key,
    office_id bigint        references offices on delete cascade,
    month     date          not null,
    cap       numeric(12,2) not null,
    share     smallint      not null check (share in (80, 100)),
    told_at   timestamptz   not null default now()
);
create unique index cap_warnings_once on cap_warnings (coalesce(office_id, 0), month, cap, share);

-- The office that a mail is about, when that is not its reader's own.
alter table mails add column about_id bigint references offices on delete cascade;
create index mails_about on mails (about_id) where about_id is not null;

-- +goose Down
select 1;
