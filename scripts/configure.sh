#!/usr/bin/env bash
# Configures a preset quietly, with ccache where somebody installed it (who builds more than once wants it); says everything
# if that fails.
# Usage: scripts/configure.sh PRESET [cmake argument...]
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
launcher=()
command -v ccache > /dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake --preset "$1" "${launcher[@]}" "${@:2}" > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
