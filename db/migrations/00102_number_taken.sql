-- +goose Up

-- Whoever registers a number asks whether a colleague has it.
create index mobile_numbers_number on mobile_numbers (number);

-- +goose Down
drop index mobile_numbers_number;
