# Nightlatch. `make` alone explains itself.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := .tools/bin
E2E := e2e
RACE := $(shell command -v $$(go env CC) >/dev/null 2>&1 && echo -race)

# Versions of what is installed into .tools, exact.
SQLC_VERSION := v1.31.1
GOLANGCI_VERSION := v2.15.0

.PHONY: help
help: ## show this
	@grep -hE '^[a-z/-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: build postgres ## everything on a fresh machine: a demo office at http://localhost:8080
	@SMS_PROVIDER=demo bin/nightlatch demo >/dev/null
	@SMS_PROVIDER=demo exec bin/nightlatch serve

.PHONY: build
build: ## the program, as bin/nightlatch
	@mkdir -p bin
	go build -trimpath -o bin/nightlatch ./cmd/nightlatch

.PHONY: test
test: test/go test/browser ## every test, the browser tests included

.PHONY: test/go
test/go: postgres browser/tools ## the Go tests, with the race detector where there is a C compiler
	go test $(RACE) -count=1 -timeout 40m ./...

.PHONY: security
security: postgres ## the checks B1 to B45, as a table: pass, fail, or why one does not apply
	@go run ./scripts/security

.PHONY: test/browser
test/browser: build postgres browser/tools ## the browser tests alone
	cd $(E2E) && node --test --test-concurrency=1 --test-reporter=spec

DURATION ?= 10m
RUNS ?= 1
.PHONY: chaos
chaos: postgres ## faults at random for DURATION (10m), RUNS (1) times; SEED repeats a run
	@scripts/chaos.sh "$(DURATION)" "$(RUNS)" "$(SEED)"

.PHONY: postgres
postgres: ## a PostgreSQL server in .tools when this machine has none
	@scripts/postgres.sh

.PHONY: browser/tools
browser/tools: ## Chromium and what the tests need, when this machine has none
	@scripts/browser.sh

.PHONY: dev
dev: ## run, and start again when a file changes
	@scripts/dev.sh

.PHONY: generate
generate: $(BIN)/sqlc ## make anew: queries to Go, vendored files, docs/access.md
	$(BIN)/sqlc generate
	static/vendor/vendor.sh
	go generate ./handlers/access

.PHONY: verify
verify: $(BIN)/sqlc ## generated and vendored files are as they should be
	$(BIN)/sqlc diff
	go mod tidy -diff
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run make fmt" >&2; exit 1; }
	go vet ./...
	static/vendor/vendor.sh --check

.PHONY: lint
lint: $(BIN)/golangci-lint ## golangci-lint, with staticcheck and gosec
	$(BIN)/golangci-lint run ./...

.PHONY: fmt
fmt: ## format the Go code
	gofmt -w $$(git ls-files '*.go')

.PHONY: bench
bench: postgres ## the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: db/reset
db/reset: ## forget the local database, the keys and the demo password
	@scripts/db-reset.sh

$(BIN)/sqlc:
	GOBIN=$(CURDIR)/$(BIN) go install github.com/sqlc-dev/sqlc/cmd/sqlc@$(SQLC_VERSION)

$(BIN)/golangci-lint:
	GOBIN=$(CURDIR)/$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
