-- +goose Up

alter table forgotten rename to password_reset_requests;
alter table links rename to one_time_links;

-- +goose Down
select 1;
