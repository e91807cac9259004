-- +goose Up

-- An index of live challenges that only a question about their expiry can be asked of. One with the plain condition was
-- read from end to end for the challenge of one session, by plans made while nobody waited.
drop index challenges_live;
create index challenges_expiring on challenges ((case when ended_at is null then expires_at end))
    where (case when ended_at is null then expires_at end) is not null;

-- Holds what messages to a number that is not proven are counted by, to the end of the transaction and always in this
-- order, after the user's row, which is lock enough for what is counted by the user: who counts the same things counts
-- one after the other.
-- +goose StatementBegin
create function hold_counts(the_number text, of_office bigint) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(1, hashtext(the_number));
    perform pg_advisory_xact_lock(2, hashtext(of_office::text));
    return true;
end $$;
-- +goose StatementEnd

-- The users of an office, counted as far as they matter for so many messages: not at all below the few that any office
-- may have, and to one more than would allow the messages. An office of any size is asked at every code.
create function users_for(of_office bigint, messages bigint, few integer, per_user integer) returns bigint
language sql stable parallel safe as $$
    select count(*) from (
        select from users u where u.office_id = of_office and u.disabled_at is null
        limit case when messages < few then 0 else messages / per_user + 1 end
    ) counted
$$;

-- +goose Down
select 1;
