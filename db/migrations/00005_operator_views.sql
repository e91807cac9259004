-- +goose Up

-- A user's last log-ins, ended ones too, and what others did to a user: for "why is this user waiting?".
create index sessions_of_user on sessions (user_id, id desc);
create index audit_events_subject on audit_events (subject_id, id desc) where subject_id is not null;
-- What the installation spends in a month.
create index costs_month on costs (month);

-- +goose Down
select 1;
