-- +goose Up

-- Steps of codes to come of which a refusal said by how much the phone's clock is off. They admit nobody: whoever
-- guessed one would otherwise have been told when to use it.
alter table authenticators add column told_steps bigint[] not null default '{}';
