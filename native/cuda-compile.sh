#!/usr/bin/env bash
# Compiles the CUDA code for every architecture that it is written for and links the library; runs
# nothing. With --report, prints the registers and the spilled bytes of every kernel.
set -euo pipefail
cd "$(dirname "$0")"
architectures=${ARCHITECTURES:-"80 89 90a 120"}
build=${BUILD:-build}
library=$build/libgonka_cuda.so
report=$build/cuda-report.txt

nvcc=$(./cuda-toolkit.sh)
"$nvcc" --version | tail -2 | head -1
# What lies there may have been made for other architectures.
rm -f "$library"
mkdir -p "$build"
make -s BUILD="$build" cuda NVCC="$nvcc" CUDA_CODE="$architectures" CUDA_REPORT=-Xptxas=-v \
  CUDA_LDFLAGS="-L$(dirname "$(dirname "$nvcc")")/lib" >"$report" 2>&1 || {
  cat "$report" >&2
  exit 1
}
if grep -i 'warning' "$report"; then
  echo "the CUDA code has warnings" >&2
  exit 1
fi
for architecture in $architectures; do
  grep -q "for 'sm_$architecture'" "$report" || {
    echo "nothing was compiled for sm_$architecture" >&2
    exit 1
  }
done
asked=$(grep -c 'GONKA_EXPORT.*gonka_cuda_' src/cuda/sprint-cuda.cu)
exported=$(nm -D --defined-only "$library" | grep -c ' T gonka_cuda_')
if [ "$asked" != "$exported" ]; then
  echo "the library exports $exported functions of $asked" >&2
  exit 1
fi
if [ "${1:-}" = --report ]; then
  awk '/Compiling entry/ { gsub("\047", ""); name = $(NF - 2); arch = $NF }
       /spill stores/ { split($0, parts, ","); spill = parts[2] }
       /Used .* registers/ { match($0, /Used [0-9]+ registers/)
         print arch, name, substr($0, RSTART + 5, RLENGTH - 5) "," spill }' "$report" |
    c++filt | sed 's/(.*)//'
fi
echo "compiled for: $architectures"
