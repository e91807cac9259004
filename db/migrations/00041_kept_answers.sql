-- +goose Up

-- How long the answer to a form is kept for the same form sent again, and how long that to one that was refused: who
-- corrects something else and sends it once more is looked at anew.
create function kept_answer_life(refused boolean) returns interval language sql immutable parallel safe
return case when refused then interval '5 seconds' else interval '30 seconds' end;

-- How long a form may be under way: the limit of a request, in handlers/web.
create function form_under_way() returns interval language sql immutable parallel safe
return interval '10 seconds';

-- The last form of each browser, and its answer. It is unlogged: what is lost with it is comfort, and a form costs no
-- write to the log.
create unlogged table kept_answers (
    asked_by       bytea       primary key check (length(asked_by) = 32), -- sessions.token_hash, else the browser's
    form_mac       bytea       not null check (length(form_mac) = 32),
    answer_ct      bytea, -- null while the form is under way
    session_id     bigint, -- the session whose new token was in the answer, and its hash
    successor_hash bytea,
    until          timestamptz not null
);
create index kept_answers_until on kept_answers (until);

-- +goose Down
select 1;
