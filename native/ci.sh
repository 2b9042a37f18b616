#!/usr/bin/env bash
# Everything that a change to native code must pass: the addons, the tests, the sanitizers, and
# the CUDA code compiled for every architecture. Needs a C++20 compiler, make, Node-API's headers,
# and a CUDA toolkit or pip; a machine that lacks one of them fails here, it leaves nothing out.
#
# GONKA_CI=short takes smaller counts and leaves the thread sanitizer to the long run. Counts of the
# plain tests that are set outside win.
set -euo pipefail
cd "$(dirname "$0")"
jobs=${JOBS:-2}
if [ "${GONKA_CI:-}" = short ]; then
  traces_t=20 fuzz=300 sanitized_traces=1 sanitized_fuzz=60 fault_step=9
else
  traces_t=40 fuzz=2000 sanitized_traces=4 sanitized_fuzz=300 fault_step=1
fi
export GONKA_TRACES_T=${GONKA_TRACES_T:-$traces_t} GONKA_TRACES_C=${GONKA_TRACES_C:-1}
export GONKA_FUZZ_TILES=${GONKA_FUZZ_TILES:-$fuzz}

part() {
  printf '%s --- %s\n' "$(date -u +%H:%M:%S)" "$1"
}

part "CUDA: compile for every architecture"
JOBS=$jobs ./cuda-compile.sh
part "addon"
JOBS=$jobs ./build.sh
part "tests"
make -s -j"$jobs" all
GONKA_FAULT_STEP=${GONKA_FAULT_STEP:-$fault_step} build/engine-test
part "address and undefined-behaviour sanitizers"
export GONKA_TRACES_T=$sanitized_traces GONKA_TRACES_C=0 GONKA_FUZZ_TILES=$sanitized_fuzz
export GONKA_FAULT_STEP=29
make -s -j"$jobs" sanitize-address
if [ "${GONKA_CI:-}" != short ]; then
  part "thread sanitizer"
  make -s -j"$jobs" sanitize-thread
fi
part "signatures: tests, sanitizers, and the older library"
source=$(signatures/source.sh)
check_signatures() {
  make -s -j"$jobs" -C signatures BUILD="../build/signatures/$1" SOURCE="$2" VERSION=test \
    SANITIZE="${3:-}" test
}
check_signatures address "${source% *}" "-fsanitize=address,undefined"
check_signatures thread "${source% *}" "-fsanitize=thread"
older=$(SECP256K1_OFFLINE=1 XDG_CACHE_HOME=$PWD/build/none signatures/source.sh 2>/dev/null)
check_signatures older "${older% *}"
part "the GPU check's script, with the software device"
GONKA_DEVICE_T=1 ./gpu-check.sh --software
part "done"
