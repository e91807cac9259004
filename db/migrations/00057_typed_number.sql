-- +goose Up

-- Whether the user typed the number in this very session: they see it whole once, to check it. A number that the office
-- registered is masked for whoever has no more than the password.
alter table challenges add column typed boolean not null default false;

-- +goose Down
select 1;
