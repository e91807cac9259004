#!/bin/sh
# Prints the folder with Patroni, etcd, HAProxy and PgBouncer, and makes it when there is none: `make cluster`. They are
# Debian's packages, unpacked with what they need and not installed, so that no service starts on a developer's machine.
set -eu
home=${1:?the folder of tools}/cluster
# Root's own folders are closed to the account that runs PostgreSQL for it.
[ "$(id -u)" != 0 ] || home=/usr/local/lib/nightlatch/cluster

fail() {
	echo "cluster: $*" >&2
	exit 1
}

[ ! -e "$home/complete" ] || { echo "$home" && exit 0; }
packages="patroni etcd-server haproxy pgbouncer"
# Patroni needs pg_rewind and pg_basebackup, which the server of \`make postgres\` comes without.
ls /usr/lib/postgresql/*/bin/pg_rewind >/dev/null 2>&1 || packages="$packages postgresql"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	fail "it needs Debian's packages $packages, and there is no apt-get here to fetch them with"
umask 022
mkdir -p "$(dirname "$home")"
new=$(mktemp -d "$home.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$new"
mkdir "$new/debs" "$new/debs/partial" "$new/home"

# What is missing on this machine, in all: nothing is installed, so no lock is needed, nor root.
download() {
	# shellcheck disable=SC2086
	apt-get install -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
		-o Dir::Cache::Archives="$new/debs" -o APT::Sandbox::User="$(id -un)" $packages >"$new/said" 2>&1
}
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
echo "cluster: fetching $packages into $home, once for this machine" >&2
download || { $sudo apt-get update -qq >&2 && download; } ||
	fail "apt-get could not fetch $packages: $(tail -n 1 "$new/said")"
for package in "$new"/debs/*.deb; do
	[ ! -e "$package" ] || dpkg-deb -x "$package" "$new/home" # what is installed is not fetched
done
chmod -R a+rX "$new/home"
touch "$new/home/complete"
rm -rf "$home"
mv "$new/home" "$home"
echo "$home"
