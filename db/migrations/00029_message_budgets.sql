-- +goose Up

-- Two budgets of messages. proven: the number was this user's own by a right code, so that nobody else's acts count
-- against it. known_browser: it was asked for in a browser known to be the user's, where the password alone leads
-- nobody; see sessions.known_browser.
alter table challenges add column proven boolean not null default false;
alter table challenges add column known_browser boolean not null default false;
update challenges set proven = purpose in ('sign_in', 'step_up');

-- The number that a user had proven and that a reset, or they themselves, took away. Who proves it anew is not left to
-- the limits of numbers that nobody has proven, which anybody may use up.
create table former_numbers (
    user_id    bigint      primary key references users on delete cascade,
    number     text        not null,
    removed_at timestamptz not null default now()
);
-- +goose StatementBegin
create function keep_former_number() returns trigger language plpgsql as $$
begin
    -- No row when the user goes, too.
    insert into former_numbers (user_id, number) select u.id, old.number from users u where u.id = old.user_id
    on conflict (user_id) do update set number = excluded.number, removed_at = now();
    return null;
end $$;
-- +goose StatementEnd
create trigger keep_number_removed after delete on mobile_numbers
    for each row when (old.confirmed_at is not null) execute function keep_former_number();
create trigger keep_number_replaced after update of number on mobile_numbers
    for each row when (old.confirmed_at is not null and old.number <> new.number) execute function keep_former_number();

-- How long a number that was taken away is still its former owner's.
create function former_number_life() returns interval language sql immutable parallel safe
return interval '30 days';

create function number_is_proven(of_user bigint, the_number text) returns boolean language sql stable parallel safe
return exists (
    select from mobile_numbers m where m.user_id = of_user and m.number = the_number and m.confirmed_at is not null
) or exists (
    select from former_numbers f where f.user_id = of_user and f.number = the_number
        and f.removed_at > now() - former_number_life()
);

-- Where each office has, or had, a confirmed number: what the list of countries begins with, without a look at every
-- number at every view.
create table confirmed_countries (
    office_id bigint not null references offices on delete cascade,
    country   text   not null,
    primary key (office_id, country)
);
insert into confirmed_countries (office_id, country)
select distinct u.office_id, m.country
from mobile_numbers m join users u on u.id = m.user_id
where m.confirmed_at is not null and u.office_id is not null;
-- +goose StatementBegin
create function note_confirmed_country() returns trigger language plpgsql as $$
begin
    insert into confirmed_countries (office_id, country)
    select u.office_id, new.country from users u where u.id = new.user_id and u.office_id is not null
    on conflict do nothing;
    return null;
end $$;
-- +goose StatementEnd
create trigger note_confirmed_country after insert or update of confirmed_at, country on mobile_numbers
    for each row when (new.confirmed_at is not null) execute function note_confirmed_country();

-- Whether nothing of a message can have gone out: it counts against nobody.
create function nothing_went_out(message messages) returns boolean language sql stable parallel safe
return message.final and message.state = 'failed' and not exists (
    select from sends s where s.message_id = message.id and s.state <> 'refused'
);

-- Ranges of numbers to which nothing is sent unless its user has proven the number: 30 messages or more in 24 hours to
-- unproven ones, of whose challenges under a fifth were verified. What is still under way says nothing yet, nor does
-- what came before an operator let the range go.
create or replace view stopped_prefixes as
select c.prefix::text as prefix, min(c.country)::text as country, count(*)::int as sent,
    count(distinct c.id)::int as challenges,
    (count(distinct c.id) filter (where c.outcome = 'verified'))::int as verified
from challenges c
join messages m on m.challenge_id = c.id and m.accepted_at is not null
left join prefix_releases r on r.prefix = c.prefix
where not c.proven
    and c.created_at > now() - interval '24 hours'
    and c.created_at > coalesce(r.released_at, '-infinity')
    and (c.ended_at is not null or c.expires_at <= now())
group by c.prefix
having count(*) >= 30 and 5 * count(distinct c.id) filter (where c.outcome = 'verified') < count(distinct c.id);

-- +goose Down
select 1;
