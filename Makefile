# Nightlatch. `make` alone explains itself.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
# Tools are built once a machine and version: beside the checkout, so that a second clone finds them.
TOOLS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nightlatch/tools
E2E := e2e
RACE := $(shell command -v $$(go env CC) >/dev/null 2>&1 && echo -race)

# The tools, of exact versions.
SQLC := $(TOOLS)/sqlc@v1.31.1
GOLANGCI := $(TOOLS)/golangci-lint@v2.15.0
DEADCODE := $(TOOLS)/deadcode@v0.52.0
PEER := $(TOOLS)/oauth2-proxy@v7.15.3

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
test: ## every test, the browser tests included
	@$(MAKE) --no-print-directory --jobs=2 $(SYNC) test/go test/browser

# The two run side by side, since the Go tests often wait; each prints what it has to say in one piece.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# Where tests keep their databases; what go builds stays on the disk, as memory may refuse to run programs.
SCRATCH = GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=$$(scripts/scratch.sh)

# These only compute, and what they share is behind a mutex: the race detector would find nothing in them
# and make them several times as slow.
UNRACED := regexp regexp/syntax text/template text/template/parse html/template \
	golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b golang.org/x/net/html \
	github.com/andybalholm/cascadia github.com/nyaruka/phonenumbers

# Tests of one request, or one number, after the other, thousands of times: nothing meets in them. They run without the
# race detector, beside those of the made-up language.
ONE_BY_ONE := TestTheTableOfAccessIsWhatTheSiteDoes TestTheColumnFreshIsWhatTheSiteAsks \
	TestNoHostileTargetIsFollowedNorShown TestNoMalformedBodyIsTakenOrBreaksAnything \
	TestEveryRouteAndStatusHasTheHeaders TestAskingAgainAndAgainFillsNoTable TestAStrangersRowsAreBounded \
	TestWholeNumberBelongsWhereLibphonenumberSays TestEveryAcceptedNumberIsReadAsItself \
	TestLiveShowsWhatIntlTelInputShowsAtEveryKeystroke TestLiveReadsDoubleZeroAsPlusAtEveryKeystroke
SPACE := $() $()
ONE_BY_ONE := ^($(subst $(SPACE),|,$(strip $(ONE_BY_ONE))))$$

# make verify vets. A program with the race detector sleeps a second as it ends, unless GORACE says otherwise. The
# cluster of databases is made once, and copied by each package.
.PHONY: test/go
test/go: build postgres proxies browser/tools $(PEER) ## the Go tests, with the race detector where there is a C compiler
	@mkdir -p bin
	go build $(RACE) $(if $(RACE),$(UNRACED:%=-gcflags=%=-race=false)) -o bin/nightlatch-tested ./cmd/nightlatch
	export $(SCRATCH); cluster=$$(go run ./db/dbtest/cluster); trap 'rm -rf "$$cluster"' EXIT; \
	export NIGHTLATCH_TEST_CLUSTER=$$cluster; \
	GORACE=atexit_sleep_ms=50 NIGHTLATCH_TEST_RACED=$(CURDIR)/bin/nightlatch-tested \
		NIGHTLATCH_TEST_PROGRAM=$(CURDIR)/bin/nightlatch \
		go test $(RACE) $(if $(RACE),$(UNRACED:%=-gcflags=%=-race=false)) -count=1 -vet=off -timeout 40m \
			-skip '$(ONE_BY_ONE)' ./...; \
	go test -tags madeup -count=1 -vet=off -run '(Third|Any|Every)Language|KindOfMail|$(ONE_BY_ONE)' \
		./handlers ./internal/{locale,mail,message,phone,users}

# A file has a program, a database and a browser of its own; a page that one waits for leaves a core to the other.
.PHONY: test/browser
test/browser: build postgres proxies browser/tools ## the browser tests alone
	cd $(E2E) && TMPDIR=$$(../scripts/scratch.sh) node --test --test-concurrency=2 --test-reporter=spec

.PHONY: security
security: postgres proxies ## the checks B1 to B45, as a table: pass, fail, or why one does not apply
	@go run ./scripts/security

PART ?=
.PHONY: mutate
mutate: postgres proxies ## take each property away that is claimed, and see its test fail; PART=3/10, PART=today
	@$(SCRATCH) go run ./scripts/mutate $(PART)

DURATION ?= 10m
RUNS ?= 1
.PHONY: chaos
chaos: postgres ## faults at random for DURATION (10m), RUNS (1) times; SEED repeats a run
	@scripts/chaos.sh "$(DURATION)" "$(RUNS)" "$(SEED)"

.PHONY: postgres
postgres: ## a PostgreSQL server in .tools when this machine has none
	@scripts/postgres.sh

.PHONY: proxies
proxies: ## nginx and Caddy, and Apache with mod_auth_openidc, when this machine has none
	@scripts/proxies.sh "$(TOOLS)"
	@scripts/apache.sh "$(TOOLS)"

.PHONY: browser/tools
browser/tools: ## Chromium and what the tests need, when this machine has none
	@scripts/browser.sh

.PHONY: dev
dev: ## run, and start again when a file changes
	@scripts/dev.sh

.PHONY: generate
generate: $(SQLC) ## make anew: queries to Go, vendored files, docs/access.md
	$(SQLC) generate
	static/vendor/vendor.sh
	go generate ./handlers/access

.PHONY: verify
verify: verify/generated verify/unused ## what is generated, vendored and documented is right; nothing is unused
	go mod tidy -diff
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run make fmt" >&2; exit 1; }
	go vet ./...
	go test ./templates

.PHONY: verify/generated
verify/generated: $(SQLC)
	$(SQLC) diff
	static/vendor/vendor.sh --check
	go run ./handlers/access/render /dev/stdout | diff docs/access.md - || { echo "run make generate" >&2; exit 1; }

# Tests' use is no use: deadcode starts at the programs. What packages of help for tests hold is left out, and what one
# of them alone calls: db/dbtest ends its server with localpg's Destroy. Methods that keep a secret from being printed
# are there for the day when somebody prints it.
.PHONY: verify/unused
verify/unused: $(DEADCODE)
	@dead=$$($(DEADCODE) ./...) && ! grep -vE '^([^:]*test/|e2e/|test/|$$)|Server\.Destroy$$|\.(Format|LogValue|MarshalText)$$' <<<"$$dead"
	go run ./scripts/check

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint: who imports whom, staticcheck, gosec, the form of comments
	$(GOLANGCI) run ./...

.PHONY: fmt
fmt: ## format the Go code
	gofmt -w $$(git ls-files '*.go')

ONLY ?=
.PHONY: bench
bench: build postgres ## every claim of speed, measured, as a table and docs/benchmarks.md; 10 minutes; ONLY=G1,G4
	@$(MAKE) --no-print-directory $(PEER) || true
	@go build -o bin/bench ./scripts/bench && bin/bench -peer $(PEER) -only "$(ONLY)" $(if $(ONLY),,-out docs/benchmarks.md)

.PHONY: bench/short
bench/short: build postgres ## the same in less than 90 seconds, with less data: to see where a change goes
	@go build -o bin/bench ./scripts/bench && bin/bench -short -peer $(PEER) -only "$(ONLY)"

.PHONY: bench/go
bench/go: postgres ## the Go benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: cluster
cluster: build ## three nodes, PgBouncer, three PostgreSQL under Patroni, HAProxy: a demo office; Ctrl-C ends it
	@tools=$$(scripts/cluster.sh "$(TOOLS)"); go build -o bin/cluster ./scripts/cluster; \
		exec bin/cluster -tools "$$tools"

.PHONY: cluster/kill
cluster/kill: build ## what people see while its primary is killed, and then a node; a minute and a half
	@tools=$$(scripts/cluster.sh "$(TOOLS)"); go build -o bin/cluster ./scripts/cluster; \
		exec bin/cluster -tools "$$tools" -kill

LIGHTHOUSE := $(TOOLS)/lighthouse@12.8.2
.PHONY: bench/pages
bench/pages: build postgres browser/tools $(LIGHTHOUSE) ## the weight of pages, and Lighthouse's scores
	@cd $(E2E) && TMPDIR=$$(../scripts/scratch.sh) LIGHTHOUSE=$(LIGHTHOUSE) node pages.mjs

$(LIGHTHOUSE):
	npm install --prefix $@ --ignore-scripts --no-audit --no-fund --silent $(notdir $@)

.PHONY: db/reset
db/reset: ## forget the local database, the keys and the demo password
	@scripts/db-reset.sh

$(SQLC): PACKAGE := github.com/sqlc-dev/sqlc/cmd/sqlc
$(GOLANGCI): PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(DEADCODE): PACKAGE := golang.org/x/tools/cmd/deadcode
$(PEER): PACKAGE := github.com/oauth2-proxy/oauth2-proxy/v7
$(SQLC) $(GOLANGCI) $(DEADCODE) $(PEER):
	@scripts/tool.sh $(PACKAGE) $@
