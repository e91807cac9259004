-- +goose Up

-- Where an office asks for two superusers: who was the first to answer with the right words, and with what.
alter table help_requests add column approved_by bigint references users on delete set null;
alter table help_requests add column approved_outcome text check (approved_outcome in ('reset', 'pass'));
create index help_requests_approved_by on help_requests (approved_by);

-- +goose Down
select 1;
