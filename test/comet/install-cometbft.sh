#!/usr/bin/env bash
# Installs CometBFT as a Go module tool, once, and prints the path of the binary.
#   test/comet/install-cometbft.sh [version]
# COMETBFT_CACHE says where it is kept (default ~/.cache/gonka-ts/cometbft).
# Ends with 3 when there is no Go, so that a caller can tell "skipped" from "failed".
set -euo pipefail

version="${1:-v0.38.26}"
cache="${COMETBFT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gonka-ts/cometbft}/$version"
binary="$cache/cometbft"

if [ ! -x "$binary" ]; then
  if ! command -v go >/dev/null; then
    echo "go is not installed: CometBFT $version cannot be built" >&2
    exit 3
  fi
  mkdir -p "$cache/new"
  # Into a folder of its own first: a build that was cut off leaves no half a binary.
  GOBIN="$cache/new" go install "github.com/cometbft/cometbft/cmd/cometbft@$version" >&2
  mv "$cache/new/cometbft" "$binary"
fi
echo "$binary"
