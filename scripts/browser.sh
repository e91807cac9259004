#!/bin/sh
# Installs what the tests need beside Go and Node, when it is missing: Chromium without its windows (it takes
# a third less of the processor than the whole one), oathtool (codes made by somebody else's program) and
# zbarimg (a QR code read by one), and the browser tests' npm packages.
set -eu
cd "$(dirname "$0")/.."

missing=
for pair in chromium-headless-shell:chromium-headless-shell oathtool:oathtool \
	zbarimg:zbar-tools; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
	command -v apt-get >/dev/null 2>&1 || {
		echo "browser: the tests need$missing, and there is no apt-get here to install them" >&2
		exit 1
	}
	sudo=
	if [ "$(id -u)" != 0 ]; then
		sudo=sudo
		command -v sudo >/dev/null 2>&1 || {
			echo "browser: the tests need$missing; as root run: apt-get install$missing" >&2
			exit 1
		}
	fi
	$sudo apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

lock=e2e/package-lock.json
stamp=e2e/node_modules/.nightlatch-lock
if [ ! -f "$stamp" ] || ! cmp -s "$lock" "$stamp"; then
	(cd e2e && npm ci --ignore-scripts --no-audit --no-fund --silent)
	cp "$lock" "$stamp"
fi
