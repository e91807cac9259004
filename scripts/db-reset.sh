#!/bin/sh
# Removes everything that a local run has kept. As root the cluster may lie elsewhere: its folder says where.
set -eu
cd "$(dirname "$0")/.."
data=${NIGHTLATCH_DATA:-.nightlatch}
[ -d "$data" ] || exit 0
if [ -f "$data/postgres/elsewhere" ]; then
	elsewhere=$(cat "$data/postgres/elsewhere")
	case $elsewhere in
	/*nightlatch-*) rm -rf "$elsewhere" ;;
	esac
fi
rm -rf "$data"
echo "Removed $data."
