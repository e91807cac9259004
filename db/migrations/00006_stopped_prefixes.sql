-- +goose Up

-- Ranges of numbers to which nothing is sent: 30 messages or more in 24 hours, of whose challenges under a fifth were
-- verified (a healthy office has 60 to 80 %). What is still under way says nothing yet: on a Monday morning nobody has
-- entered a code. Nor does what came before an operator let the range go.
create view stopped_prefixes as
select c.prefix::text as prefix, min(c.country)::text as country, count(*)::int as sent,
    count(distinct c.id)::int as challenges,
    (count(distinct c.id) filter (where c.outcome = 'verified'))::int as verified
from challenges c
join messages m on m.challenge_id = c.id and m.accepted_at is not null
left join prefix_releases r on r.prefix = c.prefix
where c.created_at > now() - interval '24 hours'
    and c.created_at > coalesce(r.released_at, '-infinity')
    and (c.ended_at is not null or c.expires_at <= now())
group by c.prefix
having count(*) >= 30 and 5 * count(distinct c.id) filter (where c.outcome = 'verified') < count(distinct c.id);

-- +goose Down
select 1;
