#!/bin/sh
# Puts nginx and Caddy into a folder, once a machine, when this machine has none: the tests start the real ones with
# the configurations of docs/operating.md. They are Debian's packages, unpacked and not installed, so that no service
# starts on a developer's machine.
set -eu
cd "$(dirname "$0")/.."
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
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	fail "the tests need$missing, and there is no apt-get here to fetch it with: $other"
mkdir -p "$home"
new=$(mktemp -d "$home/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' INT TERM

sandbox=
sudo=
if [ "$(id -u)" = 0 ]; then
	sandbox="-o APT::Sandbox::User=root" # the folder is root's alone
elif command -v sudo >/dev/null; then
	sudo="sudo -n"
fi
# shellcheck disable=SC2086
download() { (cd "$new" && apt-get download -qq $sandbox $missing >said 2>&1); }
echo "proxies: fetching$missing into $home, once for this machine"
download || { $sudo apt-get update -qq && download; } ||
	fail "apt-get download$missing: $(tail -n 1 "$new/said"): $other"
for package in "$new"/*.deb; do dpkg-deb -x "$package" "$home"; done
if ! found nginx -v || ! found caddy version; then fail "what was fetched does not run on this machine: $other"; fi
