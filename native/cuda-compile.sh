#!/usr/bin/env bash
# Compiles the CUDA code for every architecture that it is written for, and runs nothing. Uses an
# nvcc on the PATH, else NVIDIA's pip packages in a cached virtual environment.
set -euo pipefail
cd "$(dirname "$0")"

version=13.0
venv=${CUDA_VENV:-.cuda-venv}
architectures=${ARCHITECTURES:-"80 89 90a 120"}

if command -v nvcc >/dev/null; then
  nvcc=$(command -v nvcc)
else
  nvcc=$(echo "$venv"/lib/python3*/site-packages/nvidia/cu13/bin/nvcc)
  if [ ! -x "$nvcc" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q --disable-pip-version-check \
      "nvidia-cuda-nvcc==$version.*" "nvidia-cuda-runtime==$version.*" \
      "nvidia-cuda-crt==$version.*" "nvidia-nvvm==$version.*" "nvidia-cuda-cccl==$version.*"
    nvcc=$(echo "$venv"/lib/python3*/site-packages/nvidia/cu13/bin/nvcc)
  fi
fi
"$nvcc" --version | tail -2

make -s -j"${JOBS:-2}" cuda-objects NVCC="$nvcc" ARCHITECTURES="$architectures"
echo "compiled for: $architectures"
