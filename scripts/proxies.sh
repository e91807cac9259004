#!/bin/sh
# Puts nginx and Caddy into a folder, once a machine, when this machine has none: the tests start the real ones with
# the configurations of docs/operating.md. They are Debian's packages: see debian.sh.
set -eu
cd "$(dirname "$0")/.."
. scripts/debian.sh
home=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/nightlatch/tools}/proxies

fail() {
	echo "proxies: $*" >&2
	exit 1
}

# found reports whether a program runs, of this machine or of the folder: as e2e/program finds it.
found() {
	for path in "$(command -v "$1" || :)" "/usr/sbin/$1" "$home/usr/sbin/$1" "$home/usr/bin/$1"; do
		if [ -x "$path" ] && "$path" "$2" >/dev/null 2>&1; then return 0; fi
	done
	return 1
}

missing=
found nginx -v || missing=" nginx"
found caddy version || missing="$missing caddy"
[ -n "$missing" ] || exit 0

other="install$missing another way, so that it is on the PATH"
wanted() { echo "$missing"; }
fetch_debian proxies "$home" "${missing# }" "$other"
if ! found nginx -v || ! found caddy version; then fail "what was fetched does not run on this machine: $other"; fi
