-- +goose Up

-- Which limits stopped a code in a session, and were written down within the last minute: whoever asks again and again
-- fills no table.
alter table sessions add column limits_told text[] not null default '{}';
alter table sessions add column limits_told_at timestamptz not null default now();

-- Sign-ins at a provider are counted in two budgets, too: those of an office's known browsers by the office, all others
-- by their network.
alter table sso_flows add column known boolean not null default false;
create index sso_flows_office on sso_flows (office_id) where known;

-- How many sign-ins at a provider an office's known browsers may have begun and not finished. Beyond, they are counted
-- with strangers.
create function max_known_sso_flows() returns integer language sql immutable parallel safe
return 1000;

-- +goose StatementBegin
create function give_reset_requests_of_user_back() returns trigger language plpgsql as $$
begin
    delete from password_reset_requests where user_id = new.id;
    return null;
end $$;
-- +goose StatementEnd
-- Requests for a new password from before its user could be written to led to no link: they count no more.
create trigger give_unanswered_back after update of email, disabled_at on users
    for each row when (old.email <> new.email or (old.disabled_at is null) <> (new.disabled_at is null))
    execute function give_reset_requests_of_user_back();

-- +goose Down
select 1;
