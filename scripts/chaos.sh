#!/usr/bin/env bash
# The long fault tests: DURATION of random faults, RUNS times in a row, and once before them what the short run leaves
# out: five hundred log-ins in a minute, a worker stopped for 90 s, a lock of 30 s, a provider away for ten minutes.
set -eu -o pipefail
cd "$(dirname "$0")/.."
duration=${1:-10m} runs=${2:-1} seed=${3:-}

echo "chaos: the faults that take long"
long='TestFiveHundredLogIns|TestAWorkerStoppedForNinety|TestALockOnAUser|TestTheProviderIsAwayForTenMinutes'
go test ./e2e/fault -count=1 -timeout 20m -v -run "$long" -args -chaos.for "$duration" | grep -vE '^(=== |time=)'
for ((run = 1; run <= runs; run++)); do
	echo "chaos: run $run of $runs, $duration"
	# Beyond the faults themselves: the start, and what must become quiet.
	go test ./e2e/chaos -count=1 -timeout 24h -v -run '^TestChaos$' \
		-args -chaos.for "$duration" ${seed:+-chaos.seed "$seed"} | grep -vE '^(=== |time=)'
done
echo "chaos: every invariant held in $runs run(s) of $duration"
