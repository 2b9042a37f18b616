#!/usr/bin/env bash
# Everything that a machine with an NVIDIA GPU and without Node can say about the CUDA code, in one
# command: builds, vectors, traces against the CPU, compute-sanitizer, rates beside cuBLASLt, and
# the benchmark. Prints a table; build/gpu-check/summary.json holds the same. Ends non-zero when a
# step fails. Needs g++, make and nvcc (cuda-toolkit.sh finds one, or pip gets one).
#
# --software takes the software device of the tests for the GPU, and counts that it can do: that
# checks this script and the way a library is opened, and says nothing about a GPU.
set -uo pipefail
cd "$(dirname "$0")"
build=${BUILD:-build}
out=$build/gpu-check
software=no
if [ "${1:-}" = --software ]; then software=yes; fi
rm -rf "$out"
mkdir -p "$out"

names=()
results=()
step() {
  local name=$1 log
  shift
  log=$out/$(echo "$name" | tr -c 'a-z0-9\n' '-').log
  printf '%-46s ' "$name"
  local start=$SECONDS
  if "$@" >"$log" 2>&1; then
    results+=(ok)
    echo "ok ($((SECONDS - start)) s)"
  else
    results+=(FAILED)
    echo "FAILED ($((SECONDS - start)) s), the end of $log:"
    tail -15 "$log" | sed 's/^/    /'
  fi
  names+=("$name")
}
leave_out() {
  printf '%-46s left out: %s\n' "$1" "$2"
  names+=("$1")
  results+=("left out")
}

build_programs() { make -s -j"$(nproc)" BUILD="$build" all gpu-rates; }

build_library() {
  local nvcc code lib
  nvcc=$(./cuda-toolkit.sh) || return 1
  # Code for this GPU alone builds in a quarter of the time.
  code=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d '. ')
  [ -n "$code" ] || return 1
  if [ "$code" = 90 ]; then code=90a; fi
  lib=$(dirname "$(dirname "$nvcc")")/lib
  rm -f "$build/libgonka_cuda.so"  # It may have been made for other architectures.
  make -s BUILD="$build" cuda NVCC="$nvcc" CUDA_CODE="$code" CUDA_LDFLAGS="-L$lib"
}

# Passes when both of the tests named by a device ran; a filter that names nothing fails by itself.
device_tests() { "$build/engine-test" "on the device: traces"; }
watched() { "$build/engine-test" "watched on the device"; }
sanitized() { compute-sanitizer --tool "$1" --error-exitcode 9 "$build/engine-test" \
  "watched on the device"; }

measure() {
  local product=$1
  "$build/engine-bench" --profile "$profile" --backend "$product" --seconds 10 --json |
    tee "$out/bench-$product.json"
  [ -s "$out/bench-$product.json" ]
}
rates() { "$build/gpu-rates" "$profile" "$scale" >"$out/rates.json"; }

step "build the programs" build_programs
if [ $software = yes ]; then
  device="software device of the tests, no GPU"
  profile=T scale=64
  export GONKA_DEVICE_T=${GONKA_DEVICE_T:-1} GONKA_DEVICE_C=0 GONKA_DEVICE_M=0
  export GONKA_DEVICE_BATCH=8
  export GONKA_CUDA_LIBRARY=$PWD/$build/libgonka_cuda_software.so
  case $build in /*) GONKA_CUDA_LIBRARY=$build/libgonka_cuda_software.so ;; esac
  step "build the library" make -s BUILD="$build" cuda-software
else
  device=$(nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | head -1)
  profile=M scale=1
  step "build the library" build_library
fi
echo "device: ${device:-none}"

vectors() { "$build/engine-test" "section"; }
# With the library every backend is asked for many nonces, too many for the software device.
if [ $software = yes ]; then
  vectors() { GONKA_CUDA_LIBRARY=none "$build/engine-test" "section"; }
fi
step "published vectors" vectors
step "every kernel, self-tests and hits" watched
step "traces against the CPU" device_tests
for tool in memcheck racecheck; do
  if [ $software = yes ]; then
    leave_out "compute-sanitizer $tool" "no GPU"
  elif command -v compute-sanitizer >/dev/null; then
    step "compute-sanitizer $tool" sanitized "$tool"
  else
    leave_out "compute-sanitizer $tool" "compute-sanitizer is not installed"
  fi
done
step "rates of the products, and of cuBLASLt" rates
if [ $software = no ]; then
  for product in cuda-tma cuda-wgmma cuda-mma cuda-bf16 cuda-plain; do
    # A product that this device does not have measures nothing.
    if grep -q "\"$product\":[1-9]" "$out/rates.json" 2>/dev/null; then
      step "benchmark of profile $profile by $product" measure "$product"
    fi
  done
fi

commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
{
  printf '{"device":"%s","commit":"%s","software":%s,"steps":{' "${device:-none}" "$commit" \
    "$([ $software = yes ] && echo true || echo false)"
  comma=""
  for i in "${!names[@]}"; do
    printf '%s"%s":"%s"' "$comma" "${names[$i]}" "${results[$i]}"
    comma=,
  done
  printf '},"rates":%s,"bench":[' "$(cat "$out/rates.json" 2>/dev/null || echo null)"
  comma=""
  for file in "$out"/bench-*.json; do
    [ -s "$file" ] || continue
    printf '%s%s' "$comma" "$(cat "$file")"
    comma=,
  done
  echo ']}'
} >"$out/summary.json"

echo
echo "giga-operations a second by shape (0: not there), then each product's share of cuBLASLt:"
tr '{' '\n' <"$out/rates.json" 2>/dev/null | tr -d '"}]' | sed 's/,$//' | grep -E 'name|cuda'
grep -ho '"backend":"[^"]*"\|"noncesPerSecond":[0-9.]*' "$out"/bench-*.json 2>/dev/null | paste - -
echo "summary: $out/summary.json"
for result in "${results[@]}"; do
  [ "$result" != FAILED ] || exit 1
done
