-- +goose Up

-- A reset takes the password with it where a link to a new one can be mailed. Since when there is none for that reason;
-- null once a password is set.
alter table users add column password_voided_at timestamptz;
-- +goose StatementBegin
create function end_password_void() returns trigger language plpgsql as $$
begin
    new.password_voided_at := null;
    return new;
end $$;
-- +goose StatementEnd
create trigger end_password_void before update of password_hash on users
    for each row when (new.password_hash <> '')
    execute function end_password_void();

-- Where none can be mailed, the password stays and a word is handed over: without it nobody enrols a factor for this
-- user. It stays owed after it has expired; a new reset makes a new one.
create table enrolment_words (
    user_id    bigint primary key references users on delete cascade,
    word_mac   bytea       not null,
    expires_at timestamptz not null
);
-- When the word was given in a session.
alter table sessions add column word_given_at timestamptz;

create function word_owed(of_session bigint) returns boolean language sql stable parallel safe
return exists (
    select from sessions s join enrolment_words w on w.user_id = s.user_id
    where s.id = of_session and s.word_given_at is null
);

-- +goose Down
select 1;
