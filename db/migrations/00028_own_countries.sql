-- +goose Up

-- Where an office's codes may go is what stands here, written when the office is made and changed by its superuser
-- alone. Until now it followed from the numbers of all offices, so that one office could move another's.
--
-- An office of today keeps what it has: the six most used countries, counted from confirmed numbers alone, and what
-- its superuser and its own confirmed numbers opened.
insert into office_countries (office_id, country, allowed)
select o.id, six.country, true
from offices o
cross join (
    select country from (
        select country, row_number() over (order by count(*) desc, country) as place
        from mobile_numbers where confirmed_at is not null group by country
        union all
        select country, 1000 + place
        from unnest(array['NL', 'BE', 'DE', 'FR', 'GB', 'LU']) with ordinality as usual (country, place)
    ) places
    group by country order by min(place) limit 6
) six
on conflict (office_id, country) do nothing;

insert into office_countries (office_id, country, allowed)
select distinct u.office_id, m.country, true
from mobile_numbers m join users u on u.id = m.user_id
where m.confirmed_at is not null and u.office_id is not null
on conflict (office_id, country) do nothing;

-- A country that a superuser closed has no row.
delete from office_countries where not allowed;
alter table office_countries drop column allowed;

-- +goose Down
select 1;
