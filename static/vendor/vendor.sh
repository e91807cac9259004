#!/bin/sh
# Copies the front-end files we did not write into static/ and internal/locale/.
#
#   static/vendor/vendor.sh           install the pinned packages and copy
#   static/vendor/vendor.sh --check   copy into a temporary folder and compare (make verify)
#
# The copies are committed: building the program needs neither Node nor this script.
set -eu
cd "$(dirname "$0")"
root=../..

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

if [ "${1:-}" != "--check" ]; then
	node copy.mjs "$root"
	exit
fi

again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
# The sprite holds our own logo too, so the copy needs it as its source.
mkdir -p "$again/static/files"
cp "$root/static/files/logo.svg" "$again/static/files/"
node copy.mjs "$again" >/dev/null

status=0
for file in $(cd "$again" && find . -type f | sort); do
	cmp -s "$again/$file" "$root/$file" || { echo "differs from its package: ${file#./}" >&2; status=1; }
done
for file in "$root"/static/files/flags/*.svg; do
	name=${file##*/}
	[ "$name" = globe.svg ] || [ -f "$again/static/files/flags/$name" ] || { echo "in no package: static/files/flags/$name" >&2; status=1; }
done
[ $status = 0 ] || echo "run static/vendor/vendor.sh and commit what it changes" >&2
exit $status
