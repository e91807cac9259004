# Read by scripts that put Debian's packages into a folder, unpacked and not installed, so that no service starts on a
# developer's machine. They define `fail`, and `wanted`, which prints the packages' names: it is asked again when the
# lists of packages were fetched.

# fetch_debian NAME HOME WHAT OTHER: unpacks what is wanted into HOME. WHAT names it, OTHER is what to do without.
fetch_debian() {
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
		fail "the tests need $3, and there is no apt-get here to fetch it with: $4"
	mkdir -p "$2"
	new=$(mktemp -d "$2/new.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' INT TERM
	sandbox=
	sudo=
	if [ "$(id -u)" = 0 ]; then
		sandbox="-o APT::Sandbox::User=root" # the folder is root's alone
	elif command -v sudo >/dev/null; then
		sudo="sudo -n"
	fi
	echo "$1: fetching $3 into $2, once for this machine"
	download || { $sudo apt-get update -qq && download; } || fail "apt-get download $3: $(tail -n 1 "$new/said"): $4"
	for package in "$new"/*.deb; do dpkg-deb -x "$package" "$2"; done
}

# shellcheck disable=SC2046,SC2086
download() { (cd "$new" && apt-get download -qq $sandbox $(wanted) >said 2>&1); }
