#!/usr/bin/env bash
# Everything that a change to the native engine must pass: the addon, the tests, the sanitizers, and
# the CUDA compile check. Needs a C++20 compiler, make, Node-API's headers and (for CUDA) pip.
set -euo pipefail
cd "$(dirname "$0")"
export GONKA_TRACES_T=${GONKA_TRACES_T:-40} GONKA_TRACES_C=${GONKA_TRACES_C:-1}

./build.sh
make -s -j"${JOBS:-2}" all
echo "--- tests"
build/engine-test
echo "--- sanitizers"
GONKA_TRACES_T=4 GONKA_FUZZ_TILES=${GONKA_FUZZ_TILES:-300} make -s -j"${JOBS:-2}" sanitize
echo "--- CUDA compile check"
./cuda-compile.sh
