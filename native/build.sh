#!/usr/bin/env bash
# Builds the addons: native/build/gonka_sprint.node and native/build/gonka_signatures.node. Exits
# non-zero with one clear line when a tool or header is missing: the caller decides whether their
# TypeScript twins will do.
set -euo pipefail
cd "$(dirname "$0")"

fail() {
  echo "native engine not built: $1" >&2
  exit 1
}

CXX=${CXX:-$(command -v g++ || command -v clang++ || true)}
[ -n "$CXX" ] && command -v "$CXX" >/dev/null || fail "no C++ compiler (install g++ or clang++)"
command -v make >/dev/null || fail "no make"
echo 'int main() { return __cplusplus >= 202002L ? 0 : 1; }' |
  "$CXX" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null || fail "$CXX does not know C++20"

node_api=""
for folder in "${NODE_API:-}" ../node_modules/node-api-headers/include \
  "$(dirname "$(dirname "$(command -v node || echo /x/x)")")/include/node" /usr/include/node; do
  if [ -n "$folder" ] && [ -f "$folder/node_api.h" ]; then
    node_api=$folder
    break
  fi
done
[ -n "$node_api" ] || fail "no node_api.h (npm install node-api-headers)"

make -s -j"${JOBS:-2}" CXX="$CXX" NODE_API="$node_api" addon
echo "built native/build/gonka_sprint.node with $CXX, headers from $node_api"

signatures=$(signatures/source.sh) || fail "no libsecp256k1 for the addon of signatures"
make -s -j"${JOBS:-2}" -C signatures CXX="$CXX" NODE_API="$(cd "$node_api" && pwd)" \
  SOURCE="${signatures% *}" VERSION="${signatures##* }" addon
echo "built native/build/gonka_signatures.node with libsecp256k1 ${signatures##* }"
