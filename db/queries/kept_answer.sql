-- name: KeptAnswerClaim :execrows
-- Claims a form for whoever performs it: no row when the same form is under way, or its answer is kept.
insert into kept_answers as k (asked_by, form_mac, until)
values (@asked_by, @form_mac, now() + form_under_way())
on conflict (asked_by) do update
set form_mac = excluded.form_mac, answer_ct = null, session_id = null, successor_hash = null, until = excluded.until
where k.form_mac <> excluded.form_mac or k.until < now();

-- name: KeptAnswerFind :one
select answer_ct, coalesce(session_id, 0)::bigint as session_id, successor_hash
from kept_answers
where asked_by = @asked_by and form_mac = @form_mac and until > now();

-- name: KeptAnswerPut :exec
-- Keeps the answer to a form that was claimed, unless another form was sent meanwhile.
insert into kept_answers as k (asked_by, form_mac, answer_ct, session_id, successor_hash, until)
values (@asked_by, @form_mac, @answer_ct, (select s.id from sessions s where s.token_hash = @successor_hash::bytea),
    @successor_hash::bytea, now() + kept_answer_life(@refused::boolean))
on conflict (asked_by) do update
set form_mac = excluded.form_mac, answer_ct = excluded.answer_ct, session_id = excluded.session_id,
    successor_hash = excluded.successor_hash, until = excluded.until
where k.form_mac = excluded.form_mac or not @claimed::boolean;

-- name: KeptAnswerDrop :exec
-- Gives a claim back: the form was not performed.
delete from kept_answers where asked_by = @asked_by and form_mac = @form_mac and answer_ct is null;

-- name: KeptAnswerForget :exec
-- The browser goes on: the answer has come.
delete from kept_answers where asked_by = @asked_by and answer_ct is not null;

-- name: KeptAnswerFollow :execrows
-- The answer is given once more, with another token.
update kept_answers set successor_hash = @token_hash::bytea
where asked_by = @asked_by and form_mac = @form_mac and successor_hash = @old_hash::bytea and until > now();

-- name: KeptAnswerDeleteOld :execrows
delete from kept_answers where asked_by in (
    select k.asked_by from kept_answers k where k.until < now() limit @batch
);

-- name: SessionReissue :execrows
-- Another token in place of one whose answer was lost on its way.
update sessions set token_hash = @token_hash
where id = @id and token_hash = @old_hash and ended_at is null and expires_at > now();
