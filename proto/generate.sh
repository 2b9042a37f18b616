#!/usr/bin/env bash
# Writes src/gen from every .proto file in this folder, and descriptors.binpb from these and the
# standard ones. Needs no network: buf and the ts-proto plugin come from node_modules. CI runs it and
# compares the result with what is committed.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p ../node_modules/.cache
fresh=$(mktemp -d ../node_modules/.cache/gen.XXXXXX)
trap 'rm -rf "$fresh"' EXIT
export BUF_CACHE_DIR="$fresh/buf"
../node_modules/.bin/buf generate --template buf.gen.yaml --output "$fresh"
rm -rf ../src/gen
mv "$fresh/gen" ../src/gen
# Descriptors for gRPC reflection and OpenAPI: proto/descriptors.binpb.
node --import tsx describe/describe.ts
