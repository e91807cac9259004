-- +goose Up

-- The name of the application that an event of a visitor is about: what is refused has the reason behind it.
create function application_of(action text, detail text) returns text language sql immutable parallel safe
return case when action = 'application_refused' then regexp_replace(detail, ': [^:]*$', '') else detail end;

create index audit_events_application on audit_events (application_of(action, detail), id desc)
    where action in ('application_opened', 'application_refused', 'application_left');

-- +goose Down
select 1;
