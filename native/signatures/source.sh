#!/usr/bin/env bash
# Prints "FOLDER VERSION" of the libsecp256k1 to compile: SECP256K1_SOURCE, or the release that
# requirements.txt pins, cached by that file, or, where pip cannot fetch it, the older sources
# inside the npm package secp256k1. Fails with one line when there is none of them.
set -euo pipefail
cd "$(dirname "$0")"

say() {
  echo "libsecp256k1: $1" >&2
}

version_of() { { sed -n 's/^## \[\([0-9.]*\)\].*/\1/p' "$1/CHANGELOG.md" 2>/dev/null || true; } | head -1; }
print() {
  local version
  version=$(version_of "$1")
  echo "$1 ${version:-before-0.2}"
}
is_source() { [ -f "$1/src/secp256k1.c" ] && [ -f "$1/include/secp256k1.h" ]; }

if [ -n "${SECP256K1_SOURCE:-}" ]; then
  is_source "$SECP256K1_SOURCE" || { say "SECP256K1_SOURCE=$SECP256K1_SOURCE holds none" && exit 1; }
  print "$SECP256K1_SOURCE"
  exit 0
fi

lock=$(sha256sum requirements.txt | cut -c1-16)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/gonka-ts
kept=$cache/secp256k1-$lock

fetch() {
  command -v python3 >/dev/null || { say "no python3" && return 1; }
  mkdir -p "$cache"
  # Unpacked aside and moved into place: an interrupted or a second run never finds half of it.
  local fresh
  fresh=$(mktemp -d "$cache/secp256k1-new-XXXXXX")
  python3 -m pip download -q --disable-pip-version-check --retries 1 --no-deps --no-binary :all: \
    --require-hashes -r requirements.txt -d "$fresh" >&2 &&
    mkdir "$fresh/all" && tar -xzf "$fresh"/*.tar.gz -C "$fresh/all" --strip-components 1 &&
    is_source "$fresh/all/libsecp256k1" &&
    { mv -T "$fresh/all/libsecp256k1" "$kept" 2>/dev/null || is_source "$kept"; }
  local result=$?
  rm -rf "$fresh"
  return $result
}

shipped=../../node_modules/secp256k1/src/secp256k1
if is_source "$kept" || { [ "${SECP256K1_OFFLINE:-}" != 1 ] && fetch; }; then
  print "$kept"
elif is_source "$shipped"; then
  say "the pinned release cannot be had here; the older one of the npm package is slower"
  print "$(cd "$shipped" && pwd)"
else
  say "no sources (npm ci, or set SECP256K1_SOURCE)"
  exit 1
fi
