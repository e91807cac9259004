#!/bin/sh
# Builds a tool of a version for the Makefile: tool.sh PACKAGE FILE, where FILE ends in name@version.
set -eu
package=$1 file=$2
version=${file##*@}
echo "Building ${file##*/} into $(dirname "$file"), once for this machine (golangci-lint takes minutes)."
mkdir -p "$(dirname "$file")"
# Built beside its place and moved there: what is cut short leaves nothing that looks like the tool.
new=$(mktemp -d "$(dirname "$file")/new.XXXXXX")
trap 'rm -rf "$new"' EXIT
GOBIN=$new GOFLAGS=-buildvcs=false go install "$package@$version"
mv "$new"/* "$file" # one program, whatever its package is called
