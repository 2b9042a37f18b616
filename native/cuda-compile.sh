#!/usr/bin/env bash
# Compiles the CUDA code for every architecture that it is written for, and runs nothing. With
# --report, prints the registers and the spilled bytes of every kernel.
set -euo pipefail
cd "$(dirname "$0")"
architectures=${ARCHITECTURES:-"80 89 90a 120"}
report=build/cuda/report.txt

nvcc=$(./cuda-toolkit.sh)
"$nvcc" --version | tail -2 | head -1
if [ "${1:-}" = --report ]; then rm -rf build/cuda; fi
mkdir -p build/cuda
make -s -j"${JOBS:-2}" cuda-objects NVCC="$nvcc" ARCHITECTURES="$architectures" \
  CUDA_REPORT=-Xptxas=-v 2>"$report" || { cat "$report" >&2; exit 1; }
if grep -E 'warning' "$report"; then
  echo "the CUDA code has warnings" >&2
  exit 1
fi
if [ "${1:-}" = --report ]; then
  # One line for each kernel and architecture: name, registers, spilled bytes, static shared bytes.
  awk '/Compiling entry/ { gsub("\x27", ""); name = $(NF - 2); arch = $NF }
       /spill stores/ { spill = $0; sub(/.*frame, /, "", spill) }
       /Used .* registers/ { match($0, /Used [0-9]+ registers/);
         print arch, name, substr($0, RSTART + 5, RLENGTH - 5) "," spill }' "$report" |
    { c++filt -p 2>/dev/null || cat; }
fi
echo "compiled for: $architectures"
