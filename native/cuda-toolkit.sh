#!/usr/bin/env bash
# Prints the path of an nvcc: NVCC, or one on the PATH, or one of NVIDIA's pip packages in a virtual
# environment that is cached by the versions in cuda-requirements.txt. Fails with one line where
# none of them can be had; it never answers with nothing.
set -euo pipefail
cd "$(dirname "$0")"

fail() {
  echo "no CUDA compiler: $1" >&2
  exit 1
}

if [ -n "${NVCC:-}" ]; then
  command -v "$NVCC" || fail "NVCC=$NVCC is no program"
  exit 0
fi
if command -v nvcc; then exit 0; fi

command -v python3 >/dev/null || fail "neither nvcc nor python3 is on the PATH"
lock=$(sha256sum cuda-requirements.txt | cut -c1-16)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/gonka-ts
venv=$cache/cuda-$lock
nvcc_in() { echo "$1"/lib/python3*/site-packages/nvidia/cu13/bin/nvcc; }

if [ ! -x "$(nvcc_in "$venv")" ]; then
  mkdir -p "$cache"
  # Built aside and moved into place: an interrupted or a second run never finds half of it.
  fresh=$(mktemp -d "$cache/cuda-new-XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  python3 -m venv "$fresh" >&2 || fail "python3 -m venv does not work (python3-venv?)"
  "$fresh/bin/pip" install -q --disable-pip-version-check -r cuda-requirements.txt >&2 ||
    fail "pip cannot install cuda-requirements.txt; install a CUDA toolkit or allow pip"
  [ -x "$(nvcc_in "$fresh")" ] || fail "the packages of cuda-requirements.txt hold no nvcc"
  mv -T "$fresh" "$venv" 2>/dev/null || [ -x "$(nvcc_in "$venv")" ] || fail "cannot write $venv"
fi
nvcc_in "$venv"
