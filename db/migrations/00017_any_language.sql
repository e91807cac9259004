-- +goose Up

-- A language is a catalogue of the program (internal/locale). The database checks the shape of its tag (BCP 47)
-- and has no list of languages; a user without a choice of their own has ''.
create function is_language_tag(tag text) returns boolean immutable language sql
    return tag ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$';

alter table users
    drop constraint users_language_check,
    add constraint users_language_check check (language = '' or is_language_tag(language));
alter table challenges
    drop constraint challenges_language_check,
    add constraint challenges_language_check check (is_language_tag(language));
alter table mails
    drop constraint mails_language_check,
    add constraint mails_language_check check (is_language_tag(language));
alter table forgotten
    drop constraint forgotten_language_check,
    add constraint forgotten_language_check check (is_language_tag(language));

-- +goose Down
select 1;
