#!/bin/sh
# Puts Apache with mod_auth_openidc into a folder, once a machine, when this machine has none: the tests sign in to it
# by OpenID Connect. They are Debian's packages with the libraries that they lack: see debian.sh.
set -eu
cd "$(dirname "$0")/.."
. scripts/debian.sh
home=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/nightlatch/tools}/apache

fail() {
	echo "apache: $*" >&2
	exit 1
}

# found reports whether Apache loads the module, of this machine or of the folder: as e2e/program finds them.
found() {
	for root in "" "$home"; do
		modules=$root/usr/lib/apache2/modules
		[ -x "$root/usr/sbin/apache2" ] && [ -f "$modules/mod_auth_openidc.so" ] || continue
		libraries=$(dirname "$(find "$root/usr/lib" -name 'libapr-1.so.0' | head -n 1)")
		! LD_LIBRARY_PATH=$libraries ldd "$root/usr/sbin/apache2" "$modules/mod_auth_openidc.so" |
			grep -q "not found" && return 0
	done
	return 1
}

found && exit 0
packages="apache2-bin libapache2-mod-auth-openidc"

# lacking names the libraries of the packages that this machine has not.
lacking() {
	# shellcheck disable=SC2086
	apt-cache depends $packages | sed -n 's/^ *Depends: \(lib[^<>]*\)$/\1/p' | sort -u | while read -r library; do
		[ "$(dpkg-query -W -f '${Status}' "$library" 2>/dev/null)" = "install ok installed" ] || echo "$library"
	done
}
wanted() { echo "$packages $(lacking)"; }
other="install $packages another way"
fetch_debian apache "$home" "$packages" "$other"
found || fail "what was fetched does not run on this machine: $other"
