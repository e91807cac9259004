-- +goose Up

-- What the installation has spent this month is asked at every scrape of the metrics.
create index costs_month on costs (month);

-- +goose Down
select 1;
