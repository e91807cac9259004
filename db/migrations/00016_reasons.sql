-- +goose Up

-- What a provider's status or error code means, in the words of its own file (internal/sms): an operator reads it
-- under this name in the catalogue of their language. '' is none.
create function is_reason(word text) returns boolean immutable language sql
    return word ~ '^([a-z][a-z_]{0,39})?$';

alter table sends add column reason text not null default '' check (is_reason(reason));
alter table receipts add column reason text not null default '' check (is_reason(reason));
alter table providers add column open_reason text not null default '' check (is_reason(open_reason));

-- +goose Down
select 1;
