-- +goose Up

-- A word is owed before a first factor. Who has one owes none, wherever it is asked.
create or replace function word_owed(of_session bigint) returns boolean language sql stable parallel safe
return exists (
    select from sessions s join enrolment_words w on w.user_id = s.user_id
    where s.id = of_session and s.word_given_at is null and not has_factor(s.user_id)
);

-- +goose Down
select 1;
