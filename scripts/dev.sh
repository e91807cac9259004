#!/bin/sh
# Builds and serves the demo, and starts again whenever a source file changes.
set -eu
cd "$(dirname "$0")/.."
scripts/postgres.sh
pid=
trap 'test -z "$pid" || kill "$pid" 2>/dev/null; exit 0' INT TERM EXIT
# changed prints a source file that is newer than the last start.
changed() {
	find . \( -path ./.tools -o -path ./.nightlatch -o -path '*/node_modules' \) -prune -o -type f \
		\( -name '*.go' -o -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.json' -o -name '*.sql' \) \
		-newer .nightlatch/dev-stamp -print -quit
}
mkdir -p .nightlatch
while :; do
	touch .nightlatch/dev-stamp
	if go build -o bin/nightlatch ./cmd/nightlatch && SMS_PROVIDER=demo bin/nightlatch demo >/dev/null; then
		SMS_PROVIDER=demo bin/nightlatch serve &
		pid=$!
	fi
	while [ -z "$(changed)" ]; do sleep 1; done
	test -z "$pid" || { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true; }
	pid=
done
