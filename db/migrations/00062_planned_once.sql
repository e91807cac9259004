-- +goose Up

-- These were functions of plain SQL. One with a question in it is not unfolded into the statement that calls it, and
-- was planned anew at every call: a session took 1.5 ms to load. A connection plans these once.

-- +goose StatementBegin
create or replace function second_factor_demanded(office bigint, user_id bigint, at timestamptz) returns boolean
    language plpgsql stable parallel safe as $$
begin
    return coalesce((select o.two_factor_required from offices o where o.id = second_factor_demanded.office), true);
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function has_factor(of_user bigint) returns boolean language plpgsql stable parallel safe as $$
begin
    return exists (select from user_factors f where f.user_id = of_user and f.counts);
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function word_owed(of_session bigint) returns boolean language plpgsql stable parallel safe as $$
begin
    return exists (
        select from sessions s join enrolment_words w on w.user_id = s.user_id
        where s.id = of_session and s.word_given_at is null and not has_factor(s.user_id)
    );
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function factor_elsewhere(of_user bigint) returns boolean language plpgsql stable parallel safe as $$
begin
    return not has_factor(of_user) and exists (
        select from sso_identities i join sso_providers p on p.office_id = i.office_id and p.issuer = i.issuer
        where i.user_id = of_user and p.policy = 'trust'
    );
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function browser_is_known(of_user bigint, browser bytea, least_level integer) returns boolean
    language plpgsql stable parallel safe as $$
begin
    return exists (
        select from known_browsers k
        where k.user_id = of_user and k.browser_hash = browser and k.level >= least_level
            and k.signed_in_at > now() - known_browser_life()
    );
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function factors_of(of_user bigint) returns jsonb language plpgsql stable parallel safe as $$
begin
    return coalesce((select jsonb_agg(f) from user_factors f where f.user_id = of_user), '[]');
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function depends_on_messages(of_user bigint) returns boolean
    language plpgsql stable parallel safe as $$
begin
    return exists (select from user_factors f where f.user_id = of_user and f.kind = 'sms' and f.counts)
        and not exists (select from user_factors f where f.user_id = of_user and f.kind <> 'sms');
end $$;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function number_is_proven(of_user bigint, the_number text) returns boolean
    language plpgsql stable parallel safe as $$
begin
    return exists (
        select from mobile_numbers m
        where m.user_id = of_user and m.number = the_number and m.confirmed_at is not null
    ) or exists (
        select from former_numbers f
        where f.user_id = of_user and f.number = the_number and f.removed_at > now() - former_number_life()
    );
end $$;
-- +goose StatementEnd

-- +goose Down
select 1;
